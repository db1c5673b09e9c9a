/** Names of the portal's cookies. `__Host-` pins host, path and TLS (RFC 6265bis section 4.1.3.2); plain HTTP exists on loopback only. */
export interface PortalCookies {
  readonly session: string
  /** Ties open ceremonies to one browser; worth nothing else. */
  readonly pre: string
}

export function portalCookies(secure: boolean): PortalCookies {
  return secure
    ? { session: '__Host-countersign', pre: '__Host-cs-pre' }
    : { session: 'countersign_portal', pre: 'cs_pre' }
}

/** Our secrets are base64url, perhaps with a word before; anything else is no cookie of ours. */
const SECRET = /^[A-Za-z0-9_-]{43,64}$/

/** The secret in a `Cookie` field, or undefined. Two cookies of one name are nobody's (RFC 6265 section 8.6). */
export function readCookie(header: string | null, name: string): string | undefined {
  // `header` is the attacker's.
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.length === 1 && SECRET.test(values[0]!) ? values[0] : undefined
}

/** A `Set-Cookie` value for an opaque secret; `maxAge` in seconds, 0 deletes. */
export function cookie(name: string, value: string, maxAge: number, secure: boolean): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}
