import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { HeadCollector } from '../../core/git/head-collector.ts'
import {
  type HeadState,
  headErrorWords,
  type ReceivePackHead,
  writeReceivePackHead,
} from '../../core/git/receive-pack.ts'
import { ReportObserver, writeRefusal } from '../../core/git/report-status.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { authorize, whoAsks } from '../../flow/authorize.ts'
import type { Outcome, RefOutcome } from '../../flow/outcome.ts'
import { known, type Passage } from '../../flow/passage.ts'
import { normalUrl } from '../../flow/verify-proof.ts'
import { letBodyCome } from './continue.ts'
import {
  attemptOf,
  type GitDoorDeps,
  type GitRoute,
  gitHeaders,
  neverCarried,
  passedBack,
  upstreamPath,
} from './git-request.ts'
import { HeldAnswer, RESULT } from './held-answer.ts'
import { refuseFetch, refuseGit, wordsOf } from './refusal-to-git.ts'
import { drain } from './refusal-to-http.ts'
import { forward } from './reverse-proxy.ts'

/** `POST git-receive-pack`: the head is read, judged and rewritten; the pack behind it only passes through. */
export async function receivePack(
  req: IncomingMessage,
  res: ServerResponse,
  url: CanonicalUrl,
  route: GitRoute,
  deps: GitDoorDeps,
): Promise<void> {
  const { ctx } = deps
  // Who asks is settled before a byte of the body is read.
  const asker = whoAsks(attemptOf(req, url, route, neverCarried), ctx)
  if (asker) {
    refuseFetch(req, res, route, asker)
    return
  }
  letBodyCome(req, res)
  const body = plainBody(req)
  if (!body) {
    refuseGit(req, res, 415, 'Send the push plain or gzipped.')
    drain(req)
    return
  }
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const state = await readHead(chunks)
  switch (state.kind) {
    case 'probe':
      // git asks before a large push whether it may; nothing is described, decided or used up.
      res.writeHead(200, { 'content-type': RESULT, 'cache-control': 'no-cache', 'content-length': 0 }).end()
      return
    case 'error':
      refuseGit(req, res, 400, headErrorWords(state.error))
      await discard(chunks)
      return
    case 'need-more':
      res.destroy()
      return
    case 'head':
      await push(req, res, url, route, deps, state.head, state.rest, chunks)
  }
}

/** Bytes of a pack that may wait between the two sockets: enough that neither waits for the other's turn. */
const READ_AHEAD = 1 << 20

async function push(
  req: IncomingMessage,
  res: ServerResponse,
  url: CanonicalUrl,
  route: GitRoute,
  deps: GitDoorDeps,
  head: ReceivePackHead,
  rest: Buffer,
  chunks: AsyncIterator<Buffer>,
): Promise<void> {
  const { ctx } = deps
  const answer = new HeldAnswer(res)
  const pack = behind(rest, chunks)

  async function carry(passage: Passage): Promise<Outcome> {
    deps.streams.track(known(passage.principal, 'principal'), res)
    const headers = await gitHeaders(req, passage, ctx, ['user-agent', 'accept'])
    headers.push('content-type', `application/x-${route.service}-request`)
    const report = new ReportObserver(head.capabilities)
    const { held } = passage
    const body = held ? (held.spooled.pack()?.[Symbol.asyncIterator]() ?? null) : pack
    const ending = await forward(
      deps.pool,
      {
        method: 'POST',
        path: upstreamPath(passage, route, '/git-receive-pack'),
        headers,
        body: Readable.from(outbound(head, body), { objectMode: false, highWaterMark: READ_AHEAD }),
      },
      res,
      {
        head: passedBack,
        begun: answer.begun,
        data: (chunk) => {
          answer.quiet()
          report.push(chunk)
        },
      },
    )
    answer.quiet()
    if (ending.kind === 'complete')
      return {
        kind: 'answered',
        status: ending.status,
        refs: ending.status === 200 ? outcomes(head, report) : allRefused(head, ending.status),
      }
    ctx.log.warn({ ending: ending.kind, path: url.path }, 'a push broke off')
    if (ending.kind === 'upstream-failed' && ending.status === undefined) {
      refusePush(
        req,
        res,
        head,
        answer,
        refusal('upstream', 'The forge did not answer.', 'Look at the branch before you push again.'),
      )
    }
    return { kind: 'broken', why: ending.kind, answered: ending.status !== undefined }
  }

  const verdict = await authorize(
    {
      ...attemptOf(req, url, route, carry, null),
      push: {
        updates: head.updates,
        pushOptions: head.pushOptions,
        certificate: head.certificate,
        publicUrls: [normalUrl(`${ctx.forgeOrigin}${url.path.replace(/\/git-receive-pack$/, '')}`)],
        // Without a side band nobody could be told what the push waits for.
        wait: head.capabilities.includes('side-band-64k')
          ? {
              pack,
              gone: whenGone(res),
              begin: () => answer.begin(),
              say: (line) => answer.say(line),
            }
          : null,
      },
    },
    ctx,
  )
  if (verdict.kind === 'refused') {
    refusePush(req, res, head, answer, verdict.refusal)
    await discard(pack)
  }
}

/** Aborts when the connection closes before the answer is through. */
function whenGone(res: ServerResponse): AbortSignal {
  const gone = new AbortController()
  if (res.destroyed) gone.abort()
  else res.once('close', () => res.writableFinished || gone.abort())
  return gone.signal
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

async function readHead(chunks: AsyncIterator<Buffer>): Promise<HeadState> {
  const collector = new HeadCollector()
  for (;;) {
    const next = await chunks.next()
    const state = next.done ? collector.end() : collector.push(next.value)
    if (state.kind !== 'need-more') return state
  }
}

/** The request body without its content coding; undefined for a coding that git does not use. */
function plainBody(req: IncomingMessage): Readable | undefined {
  const coding = req.headers['content-encoding']
  if (coding === undefined || coding === 'identity') return req
  if (coding !== 'gzip' && coding !== 'x-gzip') return undefined
  const plain = createGunzip()
  req.on('error', (error) => plain.destroy(error))
  return req.pipe(plain)
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

/** git shows the words and marks every ref as rejected; HTTP says 200, since git hides the body of anything else. */
function refusePush(
  req: IncomingMessage,
  res: ServerResponse,
  head: ReceivePackHead,
  answer: HeldAnswer,
  refused: Refusal,
): void {
  if (res.destroyed || (res.headersSent && !answer.begun)) {
    res.destroy()
    return
  }
  if (!answer.begun && (refused.reason === 'not-signed-in' || refused.reason === 'bad-credential')) {
    refuseGit(req, res, 401, wordsOf(refused))
    return
  }
  const body = writeRefusal(
    head.capabilities,
    head.updates.map(({ ref }) => ref),
    refused.reason.replaceAll('-', ' '),
    ['', refused.say, ...(refused.fix === undefined ? [] : [refused.fix]), ''],
  )
  answer.quiet()
  if (!answer.begun)
    res.writeHead(200, { 'content-type': RESULT, 'cache-control': 'no-cache', 'content-length': body.length })
  res.end(body)
}

/** Let a refused client finish sending, so that it hears the answer instead of a broken pipe. */
export async function discard(chunks: AsyncIterator<Buffer>): Promise<void> {
  try {
    while (!(await chunks.next()).done);
  } catch {
    // It left; there is nobody to tell.
  }
}
