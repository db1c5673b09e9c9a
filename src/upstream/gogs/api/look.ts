import type { RepoRef } from '../../../core/action/action.ts'
import type { FileLook } from '../../forge.ts'
import { type Answer, jsonObject, unexpected } from '../client.ts'
import { isOwnerName, isRefLike } from '../names.ts'

/** A read of the interface, below `/api/v1`, as somebody. */
type Ask = (path: string) => Promise<Answer>

const inRepo = ({ owner, name }: RepoRef): string => `/repos/${owner}/${name}`

/** Whether `person` is a collaborator, as far as the asker may know. */
export async function collaborates(ask: Ask, repo: RepoRef, person: string): Promise<boolean> {
  if (!isOwnerName(person)) return false
  const answer = await ask(`${inRepo(repo)}/collaborators/${person}`)
  if (![204, 403, 404, 422].includes(answer.status)) throw unexpected('looking up a collaborator', answer)
  return answer.status === 204
}

/** The default branch, and whether something is at `path` in it. */
export async function lookForFile(ask: Ask, repo: RepoRef, path: string): Promise<FileLook | undefined> {
  const answer = await ask(inRepo(repo))
  if (answer.status === 403 || answer.status === 404) return undefined
  if (answer.status !== 200) throw unexpected('looking up a repository', answer)
  const branch = jsonObject('a repository', answer)['default_branch']
  if (typeof branch !== 'string' || !isRefLike(branch)) return undefined
  const escaped = path.split('/').map(encodeURIComponent).join('/')
  const file = await ask(`${inRepo(repo)}/contents/${escaped}?ref=${encodeURIComponent(branch)}`)
  if (file.status !== 200 && file.status !== 404) throw unexpected('looking up a file', file)
  return { branch, exists: file.status === 200 }
}
