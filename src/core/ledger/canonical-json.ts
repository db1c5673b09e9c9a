/** What RFC 8785 can write, and nothing else: no undefined, no NaN, no bigint. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A value that has no canonical form. A programming error: payloads are ours. */
export class NotCanonical extends Error {
  readonly code = 'not-canonical'
}

/**
 * RFC 8785 (JCS): no white space, members sorted by UTF-16 code units, numbers and strings as ECMAScript writes them
 * (sections 3.2.2 and 3.2.3). Lone surrogates are refused (RFC 7493 section 2.1).
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotCanonical('a number that is not finite')
    return JSON.stringify(value)
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new NotCanonical('a string with a lone surrogate')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(',')}]`
  if (typeof value !== 'object') throw new NotCanonical(`a ${typeof value}`)
  const members = value as { readonly [key: string]: Json }
  const keys = Object.keys(members).sort()
  return `{${keys.map((key) => `${canonicalJson(key)}:${canonicalJson(members[key]!)}`).join(',')}}`
}

/** Parse text that must already be canonical; undefined when it is not, duplicate members included. */
export function parseCanonicalJson(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json // attacker-controlled
    return canonicalJson(value) === text ? value : undefined
  } catch {
    return undefined
  }
}
