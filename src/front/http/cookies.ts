/** The value of one cookie in a `Cookie` field, or undefined. The first one wins (RFC 6265 section 5.4). */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  // `header` is the attacker's.
  let from = 0
  while (from < header.length) {
    let end = header.indexOf(';', from)
    if (end === -1) end = header.length
    while (header.charCodeAt(from) === 32) from++
    if (header.startsWith(name, from) && header.charCodeAt(from + name.length) === 61) {
      return header.slice(from + name.length + 1, end).trimEnd()
    }
    from = end + 1
  }
  return undefined
}

/** The `Cookie` field without the cookies in `drop`; undefined when nothing is left. */
export function withoutCookies(header: string | undefined, drop: ReadonlySet<string>): string | undefined {
  if (header === undefined) return undefined
  let kept: string | undefined
  for (let from = 0; from < header.length; ) {
    let end = header.indexOf(';', from)
    if (end === -1) end = header.length
    const pair = header.slice(from, end).trim()
    const equals = pair.indexOf('=')
    const name = equals === -1 ? pair : pair.slice(0, equals).trimEnd()
    if (pair !== '' && !drop.has(name)) kept = kept === undefined ? pair : `${kept}; ${pair}`
    from = end + 1
  }
  return kept
}

/** Names of our own cookies. `__Host-` pins host, path and TLS (RFC 6265bis section 4.1.3.2); plain HTTP exists on loopback only. */
export interface CookieNames {
  readonly forgeSession: string
  readonly forgePre: string
}

export function cookieNames(secure: boolean): CookieNames {
  return secure
    ? { forgeSession: '__Host-countersign-forge', forgePre: '__Host-countersign-pre' }
    : { forgeSession: 'countersign_forge', forgePre: 'countersign_pre' }
}

/** A `Set-Cookie` value for an opaque secret; `maxAge` in seconds, 0 deletes. */
export function setCookie(name: string, value: string, maxAge: number, secure: boolean): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAge}${secure ? '; Secure' : ''}`
}
