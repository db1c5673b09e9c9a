import { type Refusal, refusal } from './refusal.ts'
import { err, ok, type Result } from './result.ts'

/** A request target with exactly one spelling, safe to match on and to send on. */
export interface CanonicalUrl {
  /** Begins with `/`, no trailing slash except for the root, percent-encoding in upper case. */
  readonly path: string
  /** Without `?`; empty when there is none. */
  readonly query: string
}

const MAX_TARGET = 8192
// pchar and "/" of RFC 3986 section 3.3, percent-encoding apart; the query adds "?" and what browsers leave bare.
const PLAIN_PATH = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/
const PATH = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/
const QUERY = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?[\]|{}^`"<>]|%[0-9A-Fa-f]{2})*$/
// Encoded "/", "\", controls, DEL: other programs may decode these into structure.
const STRUCTURAL = /%(?:2F|5C|[01][0-9A-F]|7F)/
// RFC 3986 section 6.2.2.2: unreserved characters are never encoded in the canonical spelling.
const NEEDLESS = /%(?:4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A]|3[0-9]|2D|2E|5F|7E)/

/**
 * Read an origin-form request target (RFC 9112 section 3.2.1). Only the case of percent-encoding and one trailing slash
 * are normalised; anything else with a second spelling is refused, so that no two programs can read it differently.
 */
export function canonicalUrl(target: string): Result<CanonicalUrl, Refusal> {
  // `target` is the attacker's.
  if (target.length > MAX_TARGET) return no('The address is longer than 8192 characters.')
  const mark = target.indexOf('?')
  const rawPath = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  if (rawPath.charCodeAt(0) !== 47) return no('The address is not a plain path.')
  if (query !== '' && (!QUERY.test(query) || /%00/.test(query)))
    return no('The query has characters that must be encoded.')
  let path = rawPath
  if (!PLAIN_PATH.test(rawPath)) {
    if (!PATH.test(rawPath)) return no('The path has characters that must be encoded.')
    path = rawPath.replace(/%[0-9A-Fa-f]{2}/g, (pair) => pair.toUpperCase())
    if (STRUCTURAL.test(path))
      return no('The path hides a separator or a control character behind an escape.')
    if (NEEDLESS.test(path)) return no('The path escapes characters that need no escape.')
  }
  if (path.includes('//')) return no('The path has an empty segment.')
  if (path.includes('/.') && /\/\.{1,2}(?:\/|$)/.test(path)) return no('The path has a dot segment.')
  if (path.length > 1 && path.endsWith('/')) path = path.slice(0, -1)
  return ok({ path, query })
}

function no(say: string): Result<never, Refusal> {
  return err(refusal('not-canonical', say, 'Use the address exactly as the pages show it.'))
}
