import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { headErrorWords } from '../../core/git/receive-pack.ts'
import type { Refusal } from '../../core/refusal.ts'
import { whoAsks } from '../../flow/authorize.ts'
import { known, type Passage } from '../../flow/passage.ts'
import { normalUrl } from '../../flow/verify-proof.ts'
import type { Ending } from '../git/ending.ts'
import { discard, type PushClient, push, readHead } from '../git/push.ts'
import { type GitRoute, upstreamPath } from '../git/route.ts'
import { wordsOf } from '../git/words.ts'
import { letBodyCome } from './continue.ts'
import { attemptOf, type GitDoorDeps, gitHeaders, neverCarried, passedBack } from './git-request.ts'
import { HeldAnswer, RESULT } from './held-answer.ts'
import { refuseFetch, refuseGit } from './refusal-to-git.ts'
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
    case 'head': {
      const { carry: _, ...attempt } = attemptOf(req, url, route, neverCarried)
      const publicUrl = normalUrl(`${ctx.forgeOrigin}${url.path.replace(/\/git-receive-pack$/, '')}`)
      await push(attempt, [publicUrl], { ...state, chunks }, new HttpClient(req, res, route, deps), ctx)
    }
  }
}

/** The client of a push over HTTP: 200 whatever comes of it, since git hides the body of anything else. */
class HttpClient implements PushClient {
  readonly gone: AbortSignal
  readonly #req: IncomingMessage
  readonly #res: ServerResponse
  readonly #route: GitRoute
  readonly #deps: GitDoorDeps
  readonly #answer: HeldAnswer

  constructor(req: IncomingMessage, res: ServerResponse, route: GitRoute, deps: GitDoorDeps) {
    this.gone = whenGone(res)
    this.#req = req
    this.#res = res
    this.#route = route
    this.#deps = deps
    this.#answer = new HeldAnswer(res)
  }

  begin(): void {
    this.#answer.begin()
  }

  say(line: string): void {
    this.#answer.say(line)
  }

  quiet(): void {
    this.#answer.quiet()
  }

  async forward(passage: Passage, body: Readable, seen: (chunk: Buffer) => void): Promise<Ending> {
    const { streams, ctx, pool } = this.#deps
    streams.track(known(passage.principal, 'principal'), this.#res)
    const headers = await gitHeaders(this.#req, passage, ctx, ['user-agent', 'accept'])
    headers.push('content-type', `application/x-${this.#route.service}-request`)
    return forward(
      pool,
      { method: 'POST', path: upstreamPath(passage, this.#route, '/git-receive-pack'), headers, body },
      this.#res,
      { head: passedBack, begun: this.#answer.begun, data: seen },
    )
  }

  refuse(refused: Refusal, body: Buffer): void {
    const [res, { begun }] = [this.#res, this.#answer]
    if (res.destroyed || (res.headersSent && !begun)) {
      res.destroy()
      return
    }
    if (!begun && (refused.reason === 'not-signed-in' || refused.reason === 'bad-credential')) {
      refuseGit(this.#req, res, 401, wordsOf(refused))
      return
    }
    if (!begun)
      res.writeHead(200, {
        'content-type': RESULT,
        'cache-control': 'no-cache',
        'content-length': body.length,
      })
    res.end(body)
  }
}

/** Aborts when the connection closes before the answer is through. */
function whenGone(res: ServerResponse): AbortSignal {
  const gone = new AbortController()
  if (res.destroyed) gone.abort()
  else res.once('close', () => res.writableFinished || gone.abort())
  return gone.signal
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
