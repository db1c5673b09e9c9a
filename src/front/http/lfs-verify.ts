import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { parseJson } from '../../core/lfs/batch.ts'
import { readObject } from '../../core/lfs/object.ts'
import { refusal } from '../../core/refusal.ts'
import { authorize, whoAsks } from '../../flow/authorize.ts'
import type { LfsRoute } from '../../flow/describe-lfs.ts'
import type { Outcome } from '../../flow/outcome.ts'
import type { Passage } from '../../flow/passage.ts'
import { letBodyCome } from './continue.ts'
import { attemptOf, type GitDoorDeps, neverCarried } from './git-request.ts'
import { answerLfs, refuseLfs } from './lfs-answer.ts'
import { readLfsJson } from './lfs-body.ts'
import { askForge, NO_ANSWER } from './lfs-upstream.ts'

/** Longest verification, bytes: one oid and one size. */
const MAX_REQUEST = 4 << 10

/** `POST objects/basic/verify`: whether the forge has an object of this size by now. */
export async function lfsVerify(
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
  const object = readObject(parseJson(body.value))
  if (!object)
    return refuseLfs(req, res, refusal('bad-request', 'A verification names one oid and its size.'))

  async function carry(passage: Passage): Promise<Outcome> {
    const answer = await askForge(req, passage, deps, 'objects/basic/verify', JSON.stringify(object))
    if (!answer) {
      refuseLfs(req, res, NO_ANSWER)
      return { kind: 'broken', why: 'upstream-failed', answered: false }
    }
    if (answer.status === 200) answerLfs(res, 200, {})
    else refuseLfs(req, res, answer.status === 404 ? MISSING : DIFFERENT)
    return { kind: 'answered', status: answer.status, refs: null }
  }

  const attempt = {
    ...attemptOf(req, url, route, carry),
    lfs: { operation: 'verify' as const, ...object },
  }
  const verdict = await authorize(attempt, ctx)
  if (verdict.kind === 'refused') refuseLfs(req, res, verdict.refusal)
}

const MISSING = refusal('not-found', 'The forge does not have this object.', 'Push again.')
const DIFFERENT = refusal('bad-request', 'The forge has another object under this name.', 'Push again.')
