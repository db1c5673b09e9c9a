import type { IncomingMessage } from 'node:http'
import { refusal } from '../../core/refusal.ts'
import { known, type Passage } from '../../flow/passage.ts'
import { collect } from './collect.ts'
import { type GitDoorDeps, gitHeaders } from './git-request.ts'
import { LFS_JSON } from './lfs-answer.ts'

export const NO_ANSWER = refusal('upstream', 'The forge did not answer.', 'Push or fetch again in a moment.')

/** Longest answer of the forge that is read, bytes. */
const MAX_ANSWER = 4 << 20

/** Where the forge keeps the large files of the repository that was described, in the forge's own spelling. */
export function lfsPath(passage: Passage, rest: string): string {
  const { owner, name } = known(passage.repo, 'repo')
  return `/${encodeURIComponent(owner)}/${encodeURIComponent(name)}.git/info/lfs/${rest}`
}

/**
 * Post our own JSON to the forge as this person, and read its answer whole. A token that was swept behind our back is minted
 * anew, once. No body: the answer is longer than anything that is read. Undefined: the forge gave no whole answer.
 */
export async function askForge(
  req: IncomingMessage,
  passage: Passage,
  { ctx, pool }: GitDoorDeps,
  rest: string,
  body: string,
): Promise<{ readonly status: number; readonly body: Buffer | undefined } | undefined> {
  const post = async () =>
    pool.request({
      method: 'POST',
      path: lfsPath(passage, rest),
      headers: [
        ...(await gitHeaders(req, passage, ctx, ['user-agent'])),
        'content-type',
        LFS_JSON,
        'accept',
        LFS_JSON,
      ],
      body,
    })
  try {
    let answer = await post()
    if (answer.statusCode === 401) {
      await answer.body.dump()
      ctx.forge.dropGitAuthorization(known(passage.principal, 'principal').account.name)
      answer = await post()
    }
    return { status: answer.statusCode, body: await collect(answer.body, MAX_ANSWER) }
  } catch (error) {
    ctx.log.warn({ err: error, rest }, 'the forge failed on large files')
    return undefined
  }
}
