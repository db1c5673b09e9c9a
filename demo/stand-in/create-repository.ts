import { commitFile, initRepository } from './git/repository.ts'
import type { Repo, User } from './model.ts'
import type { Store } from './state.ts'

export function isRepoName(name: string): boolean {
  return /^[A-Za-z0-9_.-]{1,100}$/.test(name) && !/^\.{1,2}$|\.git$|\.wiki$/i.test(name)
}

/** Make a repository on disk and in the state; `readme` gives it a first commit. */
export async function createRepository(
  store: Store,
  doer: User,
  owner: User,
  { name, private: isPrivate, readme }: { name: string; private: boolean; readme: boolean },
): Promise<Repo> {
  const id = ++store.state.lastId.repo
  const repo: Repo = {
    id,
    ownerId: owner.id,
    name,
    private: isPrivate,
    defaultBranch: 'main',
    collaborators: {},
    issues: [],
    milestones: [],
  }
  const dir = store.repoPath(repo, 'code')
  await initRepository(dir, repo.defaultBranch)
  if (readme)
    await commitFile(dir, doer, {
      from: undefined,
      to: 'main',
      path: 'README.md',
      content: Buffer.from(`# ${name}\n`),
      message: 'Initial commit',
    })
  store.state.repos.push(repo)
  store.save()
  return repo
}
