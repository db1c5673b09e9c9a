import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import {
  type AnsweredObject,
  type BatchRequest,
  parseBatchAnswer,
  parseBatchRequest,
  writeBatchRequest,
} from '../../core/lfs/batch.ts'
import type { LfsObject, LfsOperation } from '../../core/lfs/object.ts'
import { mintTicket, TICKET_LIFE_MS } from '../../core/lfs/ticket.ts'
import { refusal } from '../../core/refusal.ts'
import { authorize, whoAsks } from '../../flow/authorize.ts'
import type { LfsRoute } from '../../flow/describe-lfs.ts'
import type { Outcome } from '../../flow/outcome.ts'
import { known, type Passage } from '../../flow/passage.ts'
import { letBodyCome } from './continue.ts'
import { attemptOf, type GitDoorDeps, neverCarried } from './git-request.ts'
import { answerLfs, refuseLfs } from './lfs-answer.ts'
import { readLfsJson } from './lfs-body.ts'
import { askForge, lfsPath, NO_ANSWER } from './lfs-upstream.ts'

/** Longest batch request, bytes: git-lfs names a hundred objects in about 12 KiB. */
const MAX_REQUEST = 1 << 20
const MiB = 1 << 20

/** `POST objects/batch`: what the client has or wants, answered with addresses of ours and a ticket for each. */
export async function lfsBatch(
  req: IncomingMessage,
  res: ServerResponse,
  url: CanonicalUrl,
  route: LfsRoute,
  deps: GitDoorDeps,
): Promise<void> {
  const { ctx } = deps
  const asker = whoAsks(attemptOf(req, url, route, neverCarried), ctx)
  if (asker) return refuseLfs(req, res, asker)
  letBodyCome(req, res)
  const body = await readLfsJson(req, MAX_REQUEST)
  if (!body.ok) return refuseLfs(req, res, body.error)
  const parsed = parseBatchRequest(body.value)
  if (!parsed.ok) return refuseLfs(req, res, refusal('bad-request', parsed.error))
  const { operation, objects } = parsed.value
  // An object beyond the limit is answered for by itself, and the forge is not asked about it.
  const fits = ({ size }: LfsObject): boolean => operation === 'download' || size <= deps.lfs.maxObjectBytes

  async function carry(passage: Passage): Promise<Outcome> {
    const within: BatchRequest = { operation, objects: objects.filter(fits) }
    let answered: readonly AnsweredObject[] | undefined = []
    if (within.objects.length > 0) {
      const answer = await askForge(req, passage, deps, 'objects/batch', writeBatchRequest(within))
      if (!answer) {
        refuseLfs(req, res, NO_ANSWER)
        return { kind: 'broken', why: 'upstream-failed', answered: false }
      }
      answered = answer.status === 200 && answer.body ? parseBatchAnswer(answer.body) : undefined
      if (!answered) {
        ctx.log.warn({ status: answer.status, path: url.path }, 'the forge refused a batch of large files')
        refuseLfs(
          req,
          res,
          answer.status === 404 ? GONE : refusal('upstream', 'The forge refused this batch.'),
        )
        return { kind: 'answered', status: answer.status, refs: null }
      }
    }
    answerLfs(res, 200, {
      transfer: 'basic',
      objects: objects.map((object) =>
        fits(object) ? offer(passage, object, operation, answered, deps) : tooLarge(object, deps),
      ),
      hash_algo: 'sha256',
    })
    return { kind: 'answered', status: 200, refs: null }
  }

  const attempt = {
    ...attemptOf(req, url, route, carry),
    lfs: { operation, size: null, oid: null },
  }
  const verdict = await authorize(attempt, ctx)
  if (verdict.kind === 'refused') refuseLfs(req, res, verdict.refusal)
}

const GONE = refusal('not-found', 'The forge keeps no large files here, or not for you.')

/** What of an object's actions is the operation's, each at our address with a ticket for it alone. */
function offer(
  passage: Passage,
  object: LfsObject,
  operation: BatchRequest['operation'],
  answered: readonly AnsweredObject[],
  { ctx }: GitDoorDeps,
): object {
  const found = answered.find(({ oid, size }) => oid === object.oid && size === object.size)
  if (!found) return { ...object, error: { code: 404, message: 'The forge said nothing about this object.' } }
  if (found.error) return { ...object, error: found.error }
  const { account, credential } = known(passage.principal, 'principal')
  const password = ctx.identity.gitPasswords(account.id).find(({ id }) => id === credential)
  const expiresAt = Math.min(passage.now + TICKET_LIFE_MS, password?.expiresAt ?? passage.now)
  const ticket = (of: LfsOperation): string =>
    mintTicket(ctx.nonceKey, {
      account: account.id,
      credential,
      repo: known(passage.repo, 'repo').id,
      operation: of,
      ...object,
      expiresAt,
    })
  const wanted = found.actions.filter((name) => (name === 'download') === (operation === 'download'))
  const actions = wanted.map((name) => [
    name,
    {
      href: `${ctx.forgeOrigin}${lfsPath(passage, `objects/basic/${name === 'verify' ? 'verify' : object.oid}`)}`,
      header: {
        Authorization: `Bearer ${ticket(name)}`,
        ...(name === 'upload' && { 'Content-Type': 'application/octet-stream' }),
      },
      expires_in: Math.max(1, Math.floor((expiresAt - ctx.now()) / 1000)),
    },
  ])
  return {
    ...object,
    authenticated: true,
    ...(actions.length > 0 && { actions: Object.fromEntries(actions) }),
  }
}

function tooLarge(object: LfsObject, { lfs }: GitDoorDeps): object {
  const message = `This object is larger than the ${lfs.maxObjectBytes / MiB} MiB that are allowed here.`
  return { ...object, error: { code: 422, message } }
}
