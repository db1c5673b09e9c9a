import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CanonicalUrl } from '../../core/canonical-url.ts'
import { refusal } from '../../core/refusal.ts'
import type { LfsRoute } from '../../flow/describe-lfs.ts'
import type { GitDoorDeps } from './git-request.ts'
import { refuseLfs } from './lfs-answer.ts'
import { lfsBatch } from './lfs-batch.ts'
import { lfsObject } from './lfs-object.ts'
import { lfsVerify } from './lfs-verify.ts'

// The forge has no locks, and says so with 404, which git-lfs takes for an answer.
const NOTHING = refusal('not-found', 'There is nothing at this address.')

/** Large files (docs/api of git-lfs): a batch of questions, an object at a time, and whether it arrived. */
export async function serveLfs(
  req: IncomingMessage,
  res: ServerResponse,
  url: CanonicalUrl,
  route: LfsRoute,
  deps: GitDoorDeps,
): Promise<void> {
  switch (route.step) {
    case 'batch':
      return lfsBatch(req, res, url, route, deps)
    case 'upload':
    case 'download':
      return lfsObject(req, res, url, route, deps)
    case 'verify':
      return lfsVerify(req, res, url, route, deps)
    case 'none':
      return refuseLfs(req, res, NOTHING)
  }
}
