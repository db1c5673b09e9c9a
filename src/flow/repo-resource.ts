import type { RepoResource } from '../core/action/action.ts'
import { refusal } from '../core/refusal.ts'
import type { ForgeRepo } from '../upstream/forge.ts'

/** For what is not there and for what its reader may not know of, alike. */
export const NOT_FOUND = refusal(
  'not-found',
  'There is no such repository, or you may not see it.',
  'Check the address, or ask its owner for access.',
)

/** A repository as policy and statements name it. */
export function resourceOf(repo: ForgeRepo, part: RepoResource['part']): RepoResource {
  return { kind: 'repo', repo: { id: repo.id, owner: repo.owner, name: repo.name }, part }
}
