import { accessOf, allows } from './access.ts'
import { notFound } from './layout.ts'
import type { Mode, User } from './model.ts'
import { type Handler, type Reply, type RepoVisit, status } from './visit.ts'

/** Stands where a page of a repository is shown to a visitor; no line of a change does that. */
const NOBODY: User = { id: 0, name: '', email: '', admin: false, owners: null }

type RepoHandler = (visit: RepoVisit) => Reply | Promise<Reply>

/**
 * A page of a repository for whoever has at least `wanted`; to others it does not exist. A site administrator sees
 * every page, as in Gogs.
 */
export function repoPage(wanted: Mode, handler: RepoHandler): Handler {
  return (visit) => {
    const found = resolve(visit, visit.user?.admin === true)
    return found && allows(found.mode, wanted) ? handler(found) : notFound(visit)
  }
}

/** An API call on a repository: 404 without access, 403 with too little. Site administrators count by token only. */
export function repoApi(wanted: Mode, handler: RepoHandler): Handler {
  return (visit) => {
    const found = resolve(visit, visit.byToken && visit.user?.admin === true)
    if (!found) return status(404)
    return allows(found.mode, wanted) ? handler(found) : status(403)
  }
}

function resolve(visit: Parameters<Handler>[0], everything: boolean): RepoVisit | undefined {
  const { store, user, params } = visit
  const repo = store.repo(params[0]!, params[1]!.replace(/\.git$/, ''))
  const owner = repo && store.userById(repo.ownerId)
  const mode = repo && (everything ? 'admin' : accessOf(store, user, repo))
  return repo && owner && mode ? { ...visit, user: user ?? NOBODY, repo, owner, mode } : undefined
}
