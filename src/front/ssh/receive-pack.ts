import type { Readable } from 'node:stream'
import { FLUSH } from '../../core/git/pkt-line.ts'
import { headErrorWords, type ReceivePackHead } from '../../core/git/receive-pack.ts'
import { isZeroId } from '../../core/git/ref-update.ts'
import { band, oneLine, writeRefusal } from '../../core/git/report-status.ts'
import { sshAdvertisement } from '../../core/git/upload-request.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { authorize } from '../../flow/authorize.ts'
import type { Outcome } from '../../flow/outcome.ts'
import type { Passage } from '../../flow/passage.ts'
import type { Ending } from '../git/ending.ts'
import { inviteToSign } from '../git/invite-to-sign.ts'
import { type PushClient, push, readHead } from '../git/push.ts'
import type { Channel } from './channel.ts'
import { forgeRefused, type GitCommand, refuse, write } from './git-command.ts'

/** git's own habit while it is busy (`receive.keepAlive`), ms. */
const KEEP_ALIVE = 5_000

/** A push: the advertisement with an invitation to sign, then the head, and the pack behind it. */
export async function receivePack(command: GitCommand): Promise<void> {
  const { attempt, channel, route, deps } = command
  if (!(await advertise(command))) return
  const chunks = channel[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await chunks.next().catch(() => ({ done: true as const, value: undefined }))
  // Nothing to push: a client may say so, and wait for the end.
  if (first.done || first.value.equals(FLUSH)) {
    await channel.exit(0)
    return
  }
  const state = await readHead(startingWith(first.value, chunks))
  switch (state.kind) {
    case 'probe':
    case 'need-more':
      await channel.exit(0)
      return
    case 'error':
      await refuse(channel, refusal('bad-request', headErrorWords(state.error)))
      return
    case 'head': {
      const client = new SshClient(command, state.head)
      const address = `${deps.origin}${attempt.path.replace(/\.git$/, '')}`
      await push(
        { ...attempt, route: { ...route, step: 'rpc' } },
        [address],
        { ...state, chunks: hasPack(state.head) ? chunks : NOTHING },
        client,
        deps.ctx,
      )
      await channel.exit(0)
    }
  }
}

/** Whether the client has it, and its turn has come. */
async function advertise({ attempt, channel, route, deps }: GitCommand): Promise<boolean> {
  const { ctx, git } = deps
  let sent = false
  const carry = async (passage: Passage): Promise<Outcome> => {
    const plain = await git.advertisement(passage, route)
    if (typeof plain === 'number') {
      ctx.log.warn({ status: plain, path: attempt.path }, 'the forge refused an advertisement')
      await refuse(channel, forgeRefused(plain))
      return { kind: 'answered', status: plain, refs: null }
    }
    const own = sshAdvertisement(plain)
    const invited = inviteToSign(own.ok ? own.value : undefined, passage, ctx)
    if (invited.ok) sent = await write(channel, invited.value)
    else await refuse(channel, invited.error)
    return { kind: 'answered', status: invited.ok ? 200 : 502, refs: null }
  }
  const verdict = await authorize({ ...attempt, carry, push: null }, ctx)
  if (verdict.kind === 'refused') await refuse(channel, verdict.refusal)
  return sent
}

/** The client of a push over SSH: the same bytes as over HTTP, without its heads. */
class SshClient implements PushClient {
  readonly gone: AbortSignal
  readonly #command: GitCommand
  readonly #head: ReceivePackHead
  readonly #channel: Channel
  #beating: NodeJS.Timeout | undefined

  constructor(command: GitCommand, head: ReceivePackHead) {
    this.#command = command
    this.#head = head
    this.#channel = command.channel
    this.gone = command.channel.gone
    this.gone.addEventListener('abort', () => this.quiet(), { once: true })
  }

  begin(): void {
    if (this.gone.aborted) return
    this.#beating ??= setInterval(() => this.#channel.write(band(2, Buffer.alloc(0))), KEEP_ALIVE)
  }

  say(line: string): void {
    this.begin()
    if (!this.gone.aborted) this.#channel.write(band(2, Buffer.from(`${oneLine(line)}\n`)))
  }

  quiet(): void {
    clearInterval(this.#beating)
  }

  async forward(passage: Passage, body: Readable, seen: (chunk: Buffer) => void): Promise<Ending> {
    const { deps, route } = this.#command
    let status: number | undefined
    try {
      const answer = await deps.git.post(passage, route, body, this.gone)
      if (answer.statusCode !== 200) {
        await answer.body.dump()
        this.#tell(forgeRefused(answer.statusCode))
        return { kind: 'complete', status: answer.statusCode }
      }
      status = 200
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        seen(chunk)
        if (!(await write(this.#channel, chunk))) return { kind: 'client-gone', status }
      }
      return { kind: 'complete', status }
    } catch (error) {
      body.destroy()
      if (this.gone.aborted) return { kind: 'client-gone', status }
      return { kind: 'upstream-failed', status, error: error as Error }
    }
  }

  refuse(_refused: Refusal, body: Buffer): void {
    if (!this.gone.aborted) this.#channel.write(body)
  }

  /** The forge said no without git's own words for it. */
  #tell(refused: Refusal): void {
    const refs = this.#head.updates.map(({ ref }) => ref)
    this.refuse(refused, writeRefusal(this.#head.capabilities, refs, refused.reason, [refused.say]))
  }
}

/** Without one, a client that only deletes keeps its side open, and waits for the answer. */
function hasPack({ updates }: ReceivePackHead): boolean {
  return updates.some(({ after }) => !isZeroId(after))
}

const NOTHING: AsyncIterator<Buffer> = { next: () => Promise.resolve({ done: true, value: undefined }) }

function startingWith(first: Buffer, chunks: AsyncIterator<Buffer>): AsyncIterator<Buffer> {
  let begun = false
  return {
    next() {
      if (begun) return chunks.next()
      begun = true
      return Promise.resolve({ done: false, value: first })
    },
  }
}
