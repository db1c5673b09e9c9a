import { sshAdvertisement, type Turn, UploadAnswer, UploadRequest } from '../../core/git/upload-request.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { authorize } from '../../flow/authorize.ts'
import type { Outcome } from '../../flow/outcome.ts'
import type { Passage } from '../../flow/passage.ts'
import { forgeRefused, type GitCommand, refuse, write } from './git-command.ts'

const ANSWERED: Outcome = { kind: 'answered', status: 200, refs: null }
const NOT_GIT = refusal('bad-request', 'This is not what git would send.')
const NO_ANSWER = refusal('upstream', 'The forge did not answer.', 'Try again in a moment.')
const BAD_ANSWER = refusal('upstream', 'The forge sent an answer that git would not read.')

/** A fetch: one conversation with the client, a request of smart HTTP for each of its turns. */
export async function uploadPack(command: GitCommand): Promise<void> {
  const { attempt, channel, deps } = command
  const carry = async (passage: Passage): Promise<Outcome> => {
    const refused = await converse(command, passage)
    if (refused) await refuse(channel, refused)
    else await channel.exit(0)
    return ANSWERED
  }
  const verdict = await authorize({ ...attempt, carry, push: null }, deps.ctx)
  if (verdict.kind === 'refused') await refuse(channel, verdict.refusal)
}

async function converse(
  { channel, route, deps }: GitCommand,
  passage: Passage,
): Promise<Refusal | undefined> {
  const { git, ctx } = deps
  const plain = await git.advertisement(passage, route)
  if (typeof plain === 'number') {
    ctx.log.warn({ status: plain, path: passage.attempt.path }, 'the forge refused an advertisement')
    return forgeRefused(plain)
  }
  const advertised = sshAdvertisement(plain)
  if (!advertised.ok) return BAD_ANSWER
  if (!(await write(channel, advertised.value))) return undefined
  const asked = new UploadRequest()
  const chunks = channel[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  for (;;) {
    const turn = asked.next()
    if (!turn.ok) return NOT_GIT
    if (turn.value?.kind === 'end') return undefined
    if (turn.value) {
      const refused = await answer(turn.value, asked)
      if (refused || turn.value.kind === 'done') return refused
      continue
    }
    const next = await chunks.next().catch(() => ({ done: true as const, value: undefined }))
    if (next.done) return undefined // it left in the middle, as a client does that finds nothing to fetch
    asked.push(next.value)
  }

  /** One turn: its own part of the forge's answer, and behind the last one the pack. */
  async function answer(
    turn: Exclude<Turn, { kind: 'end' }>,
    asked: UploadRequest,
  ): Promise<Refusal | undefined> {
    const part = new UploadAnswer(asked, turn.kind)
    try {
      const response = await git.post(passage, route, turn.request, channel.gone)
      if (response.statusCode !== 200) {
        await response.body.dump()
        return forgeRefused(response.statusCode)
      }
      let over = false
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        if (over) {
          if (turn.kind === 'done' && !(await write(channel, chunk))) return undefined
          continue
        }
        const read = part.push(chunk)
        if (read.kind === 'malformed') return BAD_ANSWER
        if (read.kind === 'need-more') continue
        over = read.over
        if (!(await write(channel, read.bytes))) return undefined
        if (over && turn.kind === 'done' && part.rest.length > 0 && !(await write(channel, part.rest)))
          return undefined
      }
      return over || part.end() ? undefined : BAD_ANSWER
    } catch (error) {
      if (channel.gone.aborted) return undefined
      ctx.log.warn({ err: error, path: passage.attempt.path }, 'a fetch broke off')
      return NO_ANSWER
    }
  }
}
