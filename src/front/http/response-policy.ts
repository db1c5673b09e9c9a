import { type HeaderList, isHopByHop, namedByConnection } from './headers.ts'

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

/**
 * What people brought is shown as what it is, and does nothing: no script, no form, an origin of its own (CSP3 section
 * 6.3.2, HTML section 7.1.5).
 */
const RAW: HeaderList = [
  'Content-Security-Policy',
  "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'",
]

export interface Head {
  readonly status: number
  readonly headers: HeaderList
}

/**
 * Response fields of a forge page: its own end-to-end ones in one pass, with ours added (several CSP fields all apply,
 * CSP3 section 8.1), and more for what people `brought`. `cookie` sees each `Set-Cookie` and says whether it goes on; a redirect stays on `origin`.
 */
export function pageHead(
  status: number,
  raw: readonly string[],
  origin: string,
  cookie: (value: string) => boolean,
  brought: boolean,
): Head {
  const named = namedByConnection(raw)
  const headers: HeaderList = []
  let lost = false
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    const value = raw[i + 1]!
    if (isHopByHop(name) || named.has(name)) continue
    switch (name) {
      case 'permissions-policy':
      case 'x-content-type-options':
      case 'referrer-policy':
      case 'strict-transport-security':
      case 'access-control-allow-origin':
        continue
      case 'set-cookie':
        if (!cookie(value)) continue
        break
      case 'location':
        if (!staysHere(value, origin)) {
          lost = true
          continue
        }
        break
    }
    headers.push(raw[i]!, value)
  }
  for (const part of FORGE_PAGE) headers.push(part)
  if (brought) for (const part of RAW) headers.push(part)
  return { status: lost && status >= 300 && status < 400 ? 502 : status, headers }
}

/**
 * A redirect stays on this origin, in a spelling that no browser reads as another host. The adapter knows of no page
 * that must send a person elsewhere.
 */
export function staysHere(location: string, origin: string): boolean {
  if (location.includes('\\')) return false
  return /^\/(?!\/)[\x21-\x7e]*$/.test(location) || location.startsWith(`${origin}/`)
}
