import { accessOf } from '../access.ts'
import { createRepository, isRepoName } from '../create-repository.ts'
import type { User } from '../model.ts'
import { json, type Reply, type RouteLine, status, type Visit } from '../visit.ts'
import { repoShape, userShape } from './shapes.ts'

function one(visit: Visit): Reply {
  const found = visit.store.user(visit.params[0]!)
  return found ? json(userShape(found)) : status(404)
}

function search(visit: Visit): Reply {
  const wanted = (visit.fields.get('q') ?? '').toLowerCase()
  const limit = Number(visit.fields.get('limit')) || 10
  const found = visit.store.state.users.filter(
    ({ name, owners }) =>
      owners === null && wanted !== '' && (wanted === '%' || name.toLowerCase().includes(wanted)),
  )
  return json({ data: found.slice(0, limit).map(userShape), ok: true })
}

function mine(visit: Visit): Reply {
  const { store, user } = visit
  const rows = store.state.repos.flatMap((repo) => {
    const mode =
      repo.ownerId === user!.id || repo.collaborators[user!.id] ? accessOf(store, user, repo) : undefined
    return mode ? [repoShape(repo, store.userById(repo.ownerId)!, mode)] : []
  })
  return json(rows)
}

/** Make a repository for `owner`, as the sender. A name that is taken is a 500, as in Gogs. */
async function create(visit: Visit, owner: User | undefined): Promise<Reply> {
  const { name, private: isPrivate, auto_init: readme } = visit.json
  if (typeof name !== 'string' || !isRepoName(name)) return status(422)
  if (!owner || (owner.id !== visit.user!.id && !owner.owners?.includes(visit.user!.id))) return status(403)
  if (visit.store.repo(owner.name, name))
    return json({ message: 'Something went wrong, please check the server logs for more information.' }, 500)
  const repo = await createRepository(visit.store, visit.user!, owner, {
    name,
    private: isPrivate === true,
    readme: readme === true,
  })
  return json(repoShape(repo, owner, 'admin'), 201)
}

export const USER_API: readonly RouteLine[] = [
  ['GET', '/api/v1/user', 'token', (visit) => json(userShape(visit.user!))],
  ['GET', '/api/v1/user/repos', 'token', mine],
  ['POST', '/api/v1/user/repos', 'token', (visit) => create(visit, visit.user)],
  ['POST', '/api/v1/org/:/repos', 'token', (visit) => create(visit, visit.store.user(visit.params[0]!))],
  ['GET', '/api/v1/users/search', 'signed-in', search],
  ['GET', '/api/v1/users/:', 'signed-in', one],
]
