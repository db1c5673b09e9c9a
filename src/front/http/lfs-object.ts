import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { authorize, whoAsks } from '../../flow/authorize.ts'
import type { LfsRoute } from '../../flow/describe-lfs.ts'
import type { Outcome } from '../../flow/outcome.ts'
import { known, type Passage } from '../../flow/passage.ts'
import { discard } from '../git/push.ts'
import { letBodyCome } from './continue.ts'
import { attemptOf, type GitDoorDeps, gitHeaders, neverCarried } from './git-request.ts'
import { type HeaderList, headerValue } from './headers.ts'
import { refuseLfs } from './lfs-answer.ts'
import { lfsPath, NO_ANSWER } from './lfs-upstream.ts'
import { forward } from './reverse-proxy.ts'

type ObjectRoute = Extract<LfsRoute, { step: 'upload' | 'download' }>

const BYTES = 'application/octet-stream'
const MiB = 1 << 20
/** Bytes that may wait between the two sockets. */
const READ_AHEAD = 1 << 20

/** `PUT` and `GET objects/basic/OID`: bytes that only pass through, as long as was said, and named by their SHA-256. */
export async function lfsObject(
  req: IncomingMessage,
  res: ServerResponse,
  url: CanonicalUrl,
  route: ObjectRoute,
  deps: GitDoorDeps,
): Promise<void> {
  const { ctx } = deps
  const uploads = route.step === 'upload'
  const asker = whoAsks(attemptOf(req, url, route, neverCarried), ctx)
  if (asker) return refuseLfs(req, res, asker)
  const length = uploads ? lengthOf(req, deps.lfs.maxObjectBytes) : ok(null)
  if (!length.ok) return refuseLfs(req, res, length.error)

  const chunks = req[Symbol.asyncIterator]() as AsyncIterator<Buffer>

  async function carry(passage: Passage): Promise<Outcome> {
    const principal = known(passage.principal, 'principal')
    letBodyCome(req, res)
    deps.streams.track(principal, res)
    const headers = await gitHeaders(req, passage, ctx, ['user-agent'])
    if (length.ok && length.value !== null)
      headers.push('content-type', BYTES, 'content-length', `${length.value}`)
    const ending = await forward(
      deps.pool,
      {
        method: uploads ? 'PUT' : 'GET',
        path: lfsPath(passage, `objects/basic/${route.oid}`),
        headers,
        body: uploads
          ? Readable.from(passing(chunks), { objectMode: false, highWaterMark: READ_AHEAD })
          : null,
      },
      res,
      {
        head(status, raw) {
          if (status === 401) ctx.forge.dropGitAuthorization(principal.account.name)
          return { status: status === 401 ? 502 : status, headers: objectHeaders(raw) }
        },
      },
    )
    if (ending.kind === 'upstream-failed' && ending.status === undefined) refuseLfs(req, res, NO_ANSWER)
    // The forge may answer before it has read all, when it has the object: the connection is good for what comes next.
    if (uploads) void discard(chunks)
    if (ending.kind === 'complete') return { kind: 'answered', status: ending.status, refs: null }
    ctx.log.warn({ ending: ending.kind, path: url.path }, 'a large file broke off')
    return { kind: 'broken', why: ending.kind, answered: ending.status !== undefined }
  }

  const attempt = {
    ...attemptOf(req, url, route, carry),
    lfs: { operation: route.step, size: length.value, oid: route.oid },
  }
  const verdict = await authorize(attempt, ctx)
  if (verdict.kind === 'refused') refuseLfs(req, res, verdict.refusal)
}

/** The body as it comes; who stops reading it does not end it for the connection. */
async function* passing(chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
}

/** How long the object is that comes; the forge and the ledger hear of no other. */
function lengthOf(req: IncomingMessage, limit: number): Result<number, Refusal> {
  const said = req.headers['content-length']
  if (said === undefined || req.headers['content-encoding'] !== undefined)
    return err(refusal('bad-request', 'An object is sent plain, with its length.'))
  const length = Number(said)
  return length <= limit
    ? ok(length)
    : err(refusal('too-large', `This object is larger than the ${limit / MiB} MiB that are allowed here.`))
}

/** Somebody's bytes on the origin of the forge's pages: no browser shall take them for a page. */
function objectHeaders(raw: HeaderList): HeaderList {
  const headers: HeaderList = ['content-type', headerValue(raw, 'content-type') ?? BYTES]
  const length = headerValue(raw, 'content-length')
  if (length !== undefined) headers.push('content-length', length)
  headers.push('cache-control', 'no-store', 'x-content-type-options', 'nosniff')
  headers.push('content-security-policy', "default-src 'none'; sandbox")
  return headers
}
