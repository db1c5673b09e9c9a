import { apiLines } from './api/lines.ts'
import { admin } from './routes/admin.ts'
import type { RouteLine } from './routes/fate.ts'
import { orgs, people } from './routes/orgs.ts'
import { repo } from './routes/repo.ts'
import { repoSettings } from './routes/repo-settings.ts'
import { site } from './routes/site.ts'
import { user } from './routes/user.ts'

/** Every address of Gogs 0.14 that the gateway knows. What is not here is refused. */
export const ROUTES: readonly RouteLine[] = [
  ...site,
  ...apiLines,
  ...user,
  ...admin,
  ...orgs,
  ...people,
  ...[...repo, ...repoSettings].map(
    ([method, path, fate]): RouteLine => [method, `/:owner/:repo${path}`, fate],
  ),
]
