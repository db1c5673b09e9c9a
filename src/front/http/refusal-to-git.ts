import type { IncomingMessage, ServerResponse } from 'node:http'
import { writePktLine } from '../../core/git/pkt-line.ts'
import type { Refusal } from '../../core/refusal.ts'
import { refusalStatus } from '../../portal/refusal-page.ts'
import type { GitRoute } from '../git/route.ts'
import { wordsOf } from '../git/words.ts'
import { drain } from './refusal-to-http.ts'

/**
 * Refuse before a push has begun. git shows a body only at 401, and says something useful by itself at 404; anything
 * else goes into an `ERR` line (gitprotocol-pack), which it prints whole.
 */
export function refuseFetch(
  req: IncomingMessage,
  res: ServerResponse,
  route: GitRoute,
  refused: Refusal,
): void {
  if (res.headersSent || res.destroyed) {
    res.destroy()
    return
  }
  const words = wordsOf(refused)
  const status = refusalStatus(refused.reason)
  drain(req)
  if (status === 401 || status === 404 || status === 429) {
    refuseGit(req, res, status, words)
    return
  }
  const error = writePktLine(`ERR ${words}\n`)
  const service =
    route.step === 'advertise' ? [writePktLine(`# service=${route.service}\n`), Buffer.from('0000')] : []
  const body = Buffer.concat([...service, error])
  res.writeHead(200, {
    'content-type': `application/x-${route.service}-${route.step === 'advertise' ? 'advertisement' : 'result'}`,
    'content-length': body.length,
    'cache-control': 'no-cache',
  })
  res.end(body)
}

/** A plain HTTP refusal; the realm tells credential helpers apart. */
export function refuseGit(req: IncomingMessage, res: ServerResponse, status: number, words: string): void {
  const body = `${words}\n`
  res.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // A script in a page gets no challenge: the browser would ask its person for a password in the page's name.
    ...(status === 401 &&
      req.headers['sec-fetch-mode'] === undefined && {
        'www-authenticate': 'Basic realm="Countersign", charset="UTF-8"',
      }),
    ...(status === 429 && { 'retry-after': '60' }),
  })
  res.end(req.method === 'HEAD' ? undefined : body)
}
