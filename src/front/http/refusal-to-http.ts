import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '../../core/refusal.ts'
import { refusalStatus } from '../../portal/refusal-page.ts'

/** Whether a person looks at the answer: a navigation, not a script's request (Fetch Metadata section 2.2). */
export function isNavigation(req: IncomingMessage): boolean {
  const mode = req.headers['sec-fetch-mode']
  return mode === undefined ? (req.headers.accept ?? '').includes('text/html') : mode === 'navigate'
}

/** Renders the refusal as a page; the portal's look, whichever door it is. */
export type RenderRefusal = (refused: Refusal) => string

/**
 * Answer with a page for people and RFC 9457 problem details for programs. An unread request body is drained, so that
 * the client hears the answer instead of a broken pipe.
 */
export function refuseHttp(
  req: IncomingMessage,
  res: ServerResponse,
  refused: Refusal,
  render: RenderRefusal,
): void {
  if (res.headersSent || res.destroyed) {
    res.destroy()
    return
  }
  const status = refusalStatus(refused.reason)
  const page = isNavigation(req)
  const body = page ? render(refused) : JSON.stringify(problemOf(refused, status))
  res.writeHead(status, {
    'content-type': page ? 'text/html; charset=utf-8' : 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    // A page goes on by itself: not by a redirect, which the forge's pages may not follow out of a form.
    ...(page && refused.at !== undefined && { refresh: `0; url=${refused.at}` }),
    ...(refused.reason === 'rate-limited' && { 'retry-after': '60' }),
  })
  res.end(req.method === 'HEAD' ? undefined : body)
  drain(req)
}

/** Problem details (RFC 9457); `pending` is where a person can go on. */
export function problemOf(refused: Refusal, status: number): object {
  return {
    type: `urn:countersign:${refused.reason}`,
    title: refused.say,
    status,
    ...(refused.fix !== undefined && { detail: refused.fix }),
    ...(refused.at !== undefined && { pending: refused.at }),
  }
}

/** Read and drop what a refused client still sends. The socket's idle limit bounds it. */
export function drain(req: IncomingMessage): void {
  if (!req.readableEnded) {
    req.on('error', () => {})
    req.resume()
  }
}
