import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '../../core/refusal.ts'
import { refusalStatus } from '../../portal/refusal-page.ts'
import { wordsOf } from '../git/words.ts'
import { drain } from './refusal-to-http.ts'

/** Media type of the batch interface (docs/api/batch.md of git-lfs). */
export const LFS_JSON = 'application/vnd.git-lfs+json'

/** Answer with the interface's own JSON. */
export function answerLfs(res: ServerResponse, status: number, value: object): void {
  const body = JSON.stringify(value)
  res.writeHead(status, {
    'content-type': LFS_JSON,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // Not `WWW-Authenticate`: a browser would ask its person for a password in a page's name.
    ...(status === 401 && { 'lfs-authenticate': 'Basic realm="Countersign"' }),
    ...(status === 429 && { 'retry-after': '60' }),
  })
  res.end(body)
}

/** Refuse in words that git-lfs prints. */
export function refuseLfs(req: IncomingMessage, res: ServerResponse, refused: Refusal): void {
  if (res.headersSent || res.destroyed) {
    res.destroy()
    return
  }
  answerLfs(res, refusalStatus(refused.reason), { message: wordsOf(refused) })
  drain(req)
}
