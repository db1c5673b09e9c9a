import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal, RefusalReason } from '../../core/refusal.ts'
import { refusalStatus } from '../../portal/refusal-page.ts'
import { drain, problemOf } from './refusal-to-http.ts'

/** Answer a program: RFC 9457 problem details, and what RFC 6750 section 3 has to say about the token. */
export function refuseApi(req: IncomingMessage, res: ServerResponse, refused: Refusal): void {
  if (res.headersSent || res.destroyed) {
    res.destroy()
    return
  }
  const status = refusalStatus(refused.reason)
  const body = JSON.stringify(problemOf(refused, status))
  const error = ERRORS[refused.reason]
  res.writeHead(status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'no-store',
    ...((status === 401 || error !== undefined) && {
      'www-authenticate': `Bearer realm="Countersign"${error === undefined ? '' : `, error="${error}"`}`,
    }),
    ...(refused.reason === 'rate-limited' && { 'retry-after': '60' }),
  })
  res.end(req.method === 'HEAD' ? undefined : body)
  drain(req)
}

/** A request without any token is told nothing but that it needs one (section 3.1). */
const ERRORS: { readonly [reason in RefusalReason]?: string } = {
  'bad-credential': 'invalid_token',
  'out-of-scope': 'insufficient_scope',
}
