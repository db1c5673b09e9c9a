import type { HeaderList } from './headers.ts'

// The barrier against ceremonies on the forge origin is the RP ID; Permissions-Policy helps where browsers obey it.
const FORGE_PAGE: HeaderList = [
  'Permissions-Policy',
  'publickey-credentials-get=(), publickey-credentials-create=(), identity-credentials-get=()',
  'Content-Security-Policy',
  "frame-ancestors 'self'; base-uri 'self'; form-action 'self'; worker-src 'none'",
  'X-Content-Type-Options',
  'nosniff',
  'Referrer-Policy',
  'same-origin',
]
const OVERRIDDEN = new Set([
  'permissions-policy',
  'x-content-type-options',
  'referrer-policy',
  'strict-transport-security',
  'access-control-allow-origin',
])

export interface Head {
  readonly status: number
  readonly headers: HeaderList
}

/** Response fields of a forge page: its own, with ours added. Several CSP fields all apply (CSP3 section 8.1). */
export function pageHead(status: number, headers: HeaderList): Head {
  const out: HeaderList = []
  for (let i = 0; i < headers.length; i += 2) {
    if (!OVERRIDDEN.has(headers[i]!.toLowerCase())) out.push(headers[i]!, headers[i + 1]!)
  }
  for (const part of FORGE_PAGE) out.push(part)
  return { status, headers: out }
}

/**
 * A redirect stays on this origin, in a spelling that no browser reads as another host. The adapter knows of no page
 * that must send a person elsewhere.
 */
export function stayHere(head: Head, origin: string): Head {
  const at = head.headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'location')
  if (at === -1) return head
  const location = head.headers[at + 1]!
  if (/^\/(?![/\\])[\x21-\x7e]*$/.test(location) && !location.includes('\\')) return head
  if (location.startsWith(`${origin}/`) && !location.includes('\\')) return head
  const headers = head.headers.filter((_, i) => i !== at && i !== at + 1)
  return { status: head.status >= 300 && head.status < 400 ? 502 : head.status, headers }
}
