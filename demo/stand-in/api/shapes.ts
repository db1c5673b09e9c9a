import { allows } from '../access.ts'
import type { Mode, Repo, User } from '../model.ts'

/** A user as Gogs' API writes one. */
export function userShape(user: User): object {
  return {
    id: user.id,
    username: user.name,
    login: user.name,
    full_name: '',
    email: user.email,
    avatar_url: '',
  }
}

/** A repository as Gogs' API writes one. */
export function repoShape(repo: Repo, owner: User, mode: Mode): object {
  return {
    id: repo.id,
    owner: userShape(owner),
    name: repo.name,
    full_name: `${owner.name}/${repo.name}`,
    private: repo.private,
    default_branch: repo.defaultBranch,
    permissions: { admin: allows(mode, 'admin'), push: allows(mode, 'write'), pull: true },
  }
}
