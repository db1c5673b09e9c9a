import { Readable } from 'node:stream'
import { HeadCollector } from '../../core/git/head-collector.ts'
import { type HeadState, type ReceivePackHead, writeReceivePackHead } from '../../core/git/receive-pack.ts'
import { ReportObserver, writeRefusal } from '../../core/git/report-status.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import type { GitAttempt, SshAttempt } from '../../flow/attempt.ts'
import { authorize } from '../../flow/authorize.ts'
import type { FlowContext } from '../../flow/context.ts'
import type { Outcome, RefOutcome } from '../../flow/outcome.ts'
import type { Passage } from '../../flow/passage.ts'
import type { PushRequest } from '../../flow/push-request.ts'
import type { Ending } from './ending.ts'

/** A client that pushes, whichever way it came: what it is told, and what goes to it. */
export interface PushClient {
  /** Aborts when it left before the answer was through. */
  readonly gone: AbortSignal
  /** Begin the answer: from here on the connection is kept alive. */
  begin(): void
  /** A line for the person's terminal. */
  say(line: string): void
  /** The forge speaks from here on. */
  quiet(): void
  /** Send a whole receive-pack request to the forge, and its answer to the client; `seen` sees the answer's bytes pass. */
  forward(passage: Passage, body: Readable, seen: (chunk: Buffer) => void): Promise<Ending>
  /** End with git's own form of a refusal, of which `body` is the words and the report. */
  refuse(refused: Refusal, body: Buffer): void
}

/** An attempt of a door of git, but for what only the push knows. */
export type PushAttempt = Omit<GitAttempt, 'carry' | 'push'> | Omit<SshAttempt, 'carry' | 'push'>

/** What was read of a push: its head, the pack's first bytes, and the rest as it comes. */
export interface PushInput {
  readonly head: ReceivePackHead
  readonly rest: Buffer
  readonly chunks: AsyncIterator<Buffer>
}

/** Bytes of a pack that may wait between the two sockets: enough that neither waits for the other's turn. */
const READ_AHEAD = 1 << 20

/** Take a push through the gates, whose head was read: it is judged and rewritten, the pack behind it only passes through. */
export async function push(
  attempt: PushAttempt,
  publicUrls: PushRequest['publicUrls'],
  { head, rest, chunks }: PushInput,
  client: PushClient,
  ctx: FlowContext,
): Promise<void> {
  const pack = behind(rest, chunks)

  async function carry(passage: Passage): Promise<Outcome> {
    const { held } = passage
    const report = new ReportObserver(head.capabilities)
    const body = held ? (held.spooled.pack()?.[Symbol.asyncIterator]() ?? null) : pack
    const ending = await client.forward(
      passage,
      Readable.from(outbound(head, body), { objectMode: false, highWaterMark: READ_AHEAD }),
      (chunk) => {
        client.quiet()
        report.push(chunk)
      },
    )
    client.quiet()
    if (ending.kind === 'complete')
      return {
        kind: 'answered',
        status: ending.status,
        refs: ending.status === 200 ? outcomes(head, report) : allRefused(head, ending.status),
      }
    ctx.log.warn({ ending: ending.kind, path: attempt.path }, 'a push broke off')
    if (ending.kind === 'upstream-failed' && ending.status === undefined)
      refusePush(
        head,
        client,
        refusal('upstream', 'The forge did not answer.', 'Look at the branch before you push again.'),
      )
    return { kind: 'broken', why: ending.kind, answered: ending.status !== undefined }
  }

  const verdict = await authorize(
    {
      ...attempt,
      carry,
      push: {
        updates: head.updates,
        pushOptions: head.pushOptions,
        certificate: head.certificate,
        publicUrls,
        // Without a side band nobody could be told what the push waits for.
        wait: head.capabilities.includes('side-band-64k')
          ? {
              pack,
              gone: client.gone,
              begin: () => client.begin(),
              say: (line) => client.say(line),
            }
          : null,
      },
    },
    ctx,
  )
  if (verdict.kind === 'refused') {
    refusePush(head, client, verdict.refusal)
    await discard(pack)
  }
}

/** git shows the words and marks every ref as rejected. */
function refusePush(head: ReceivePackHead, client: PushClient, refused: Refusal): void {
  const body = writeRefusal(
    head.capabilities,
    head.updates.map(({ ref }) => ref),
    refused.reason.replaceAll('-', ' '),
    ['', refused.say, ...(refused.fix === undefined ? [] : [refused.fix]), ''],
  )
  client.quiet()
  client.refuse(refused, body)
}

/** The pack: what came with the head, then the rest of the body. Who stops reading does not end it for others. */
function behind(rest: Buffer, chunks: AsyncIterator<Buffer>): AsyncIterator<Buffer> {
  let first = rest.length > 0
  return {
    next() {
      if (!first) return chunks.next()
      first = false
      return Promise.resolve({ done: false, value: rest })
    },
  }
}

/** Commands as plain lines, then the pack as it comes: nothing of it is held here. */
async function* outbound(head: ReceivePackHead, pack: AsyncIterator<Buffer> | null): AsyncGenerator<Buffer> {
  yield writeReceivePackHead(head)
  for (let next = await pack?.next(); next && !next.done; next = await pack?.next()) yield next.value
}

/** The head of a push from as many chunks as it takes. */
export async function readHead(chunks: AsyncIterator<Buffer>): Promise<HeadState> {
  const collector = new HeadCollector()
  for (;;) {
    const next = await chunks.next()
    const state = next.done ? collector.end() : collector.push(next.value)
    if (state.kind !== 'need-more') return state
  }
}

function outcomes(head: ReceivePackHead, report: ReportObserver): readonly RefOutcome[] | null {
  const told = report.refs()
  if (!told) return null
  return head.updates.map(({ ref }): RefOutcome => {
    const found = told.find((line) => line.ref === ref)
    if (!found) return { ref, status: 'unknown' }
    return found.ok
      ? { ref, status: 'ok' }
      : { ref, status: 'ng', ...(found.reason !== undefined && { reason: found.reason }) }
  })
}

/** A status other than 200 comes before the forge's receive-pack has run. */
function allRefused(head: ReceivePackHead, status: number): readonly RefOutcome[] {
  return head.updates.map(({ ref }) => ({ ref, status: 'ng', reason: `the forge answered ${status}` }))
}

/** Let a refused client finish sending, so that it hears the answer instead of a broken pipe. */
export async function discard(chunks: AsyncIterator<Buffer>): Promise<void> {
  try {
    while (!(await chunks.next()).done);
  } catch {
    // It left; there is nobody to tell.
  }
}
