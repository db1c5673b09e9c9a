import type { Mode, Repo, User } from './model.ts'
import type { Store } from './state.ts'

const RANK: Record<Mode, number> = { read: 1, write: 2, admin: 3 }

/** What a user may do with a repository of their own right, or undefined: they may not know of it. */
export function accessOf(store: Store, user: User | undefined, repo: Repo): Mode | undefined {
  if (user === undefined) return repo.private ? undefined : 'read'
  const owner = store.userById(repo.ownerId)
  if (owner?.id === user.id || owner?.owners?.includes(user.id)) return 'admin'
  return repo.collaborators[user.id] ?? (repo.private ? undefined : 'read')
}

export function allows(mode: Mode | undefined, wanted: Mode): boolean {
  return mode !== undefined && RANK[mode] >= RANK[wanted]
}
