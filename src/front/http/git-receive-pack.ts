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
import type { Passage } from '../../flow/passage.ts'
import { normalUrl } from '../../flow/verify-proof.ts'
import { letBodyCome } from './continue.ts'
import {
  attemptOf,
  type GitDoorDeps,
  type GitRoute,
  gitHeaders,
  passedBack,
  upstreamPath,
} from './git-request.ts'
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
const RESULT = 'application/x-git-receive-pack-result'

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

  async function carry(passage: Passage): Promise<Outcome> {
    const headers = await gitHeaders(req, passage, ctx, ['user-agent', 'accept'])
    headers.push('content-type', `application/x-${route.service}-request`)
    const report = new ReportObserver(head.capabilities)
    const ending = await forward(
      deps.pool,
      {
        method: 'POST',
        path: upstreamPath(passage, route, '/git-receive-pack'),
        headers,
        body: Readable.from(outbound(head, rest, chunks), { objectMode: false, highWaterMark: READ_AHEAD }),
      },
      res,
      {
        head: passedBack,
        data: (chunk) => report.push(chunk),
      },
    )
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
      },
    },
    ctx,
  )
  if (verdict.kind === 'refused') {
    refusePush(req, res, head, verdict.refusal)
    await discard(chunks)
  }
}

/** Commands as plain lines, then the pack as it comes: nothing of it is held here. */
async function* outbound(
  head: ReceivePackHead,
  rest: Buffer,
  chunks: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer> {
  yield writeReceivePackHead(head)
  if (rest.length > 0) yield rest
  for (;;) {
    const next = await chunks.next()
    if (next.done) return
    yield next.value
  }
}

async function readHead(chunks: AsyncIterator<Buffer>): Promise<HeadState> {
  const collector = new HeadCollector()
  for (;;) {
    const next = await chunks.next()
    const state = next.done ? collector.end() : collector.push(next.value)
    if (state.kind === 'probe' && !next.done) {
      // A probe is a flush and nothing else: wait for the end before believing it.
      const after = await chunks.next()
      return after.done ? state : { kind: 'error', error: 'malformed' }
    }
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
  refused: Refusal,
): void {
  if (res.headersSent || res.destroyed) {
    res.destroy()
    return
  }
  if (refused.reason === 'not-signed-in' || refused.reason === 'bad-credential') {
    refuseGit(req, res, 401, wordsOf(refused))
  } else {
    const body = writeRefusal(
      head.capabilities,
      head.updates.map(({ ref }) => ref),
      refused.reason.replaceAll('-', ' '),
      ['', refused.say, ...(refused.fix === undefined ? [] : [refused.fix]), ''],
    )
    res
      .writeHead(200, { 'content-type': RESULT, 'cache-control': 'no-cache', 'content-length': body.length })
      .end(body)
  }
}

/** Let a refused client finish sending, so that it hears the answer instead of a broken pipe. */
async function discard(chunks: AsyncIterator<Buffer>): Promise<void> {
  try {
    while (!(await chunks.next()).done);
  } catch {
    // It left; there is nobody to tell.
  }
}

function neverCarried(): Promise<never> {
  throw new Error('a look at who asks carries nothing out')
}
