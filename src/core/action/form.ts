import { Buffer } from 'node:buffer'
import { err, ok, type Result } from '../result.ts'

/** The pairs of a form in their order, decoded. */
export type Form = readonly (readonly [name: string, value: string])[]

const MAX_PAIRS = 1000
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Read `application/x-www-form-urlencoded` (WHATWG URL, section 5.1), or a query. Stricter than that standard, so that no
 * two programs read a body differently: every pair has its `=`, every `%` two hex digits, `;` and what is not
 * printable ASCII are escaped, text is UTF-8 without NUL.
 */
export function parseForm(body: Uint8Array | string): Result<Form, 'malformed'> {
  // `body` is the attacker's.
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('latin1')
  if (text === '') return ok([])
  const parts = text.split('&', MAX_PAIRS + 1)
  if (parts.length > MAX_PAIRS) return err('malformed')
  const form: [string, string][] = []
  for (const part of parts) {
    const equals = part.indexOf('=')
    if (equals < 1) return err('malformed')
    const name = decode(part.slice(0, equals))
    const value = decode(part.slice(equals + 1))
    if (name === undefined || value === undefined) return err('malformed')
    form.push([name, value])
  }
  return ok(form)
}

/** Write a form as the WHATWG serializer does (URL, section 5.2): one spelling for a list of pairs. */
export function writeForm(form: Form): string {
  for (const pair of form)
    for (const text of pair) if (!text.isWellFormed()) throw new RangeError('text with a lone surrogate')
  return new URLSearchParams(form.map(([name, value]): [string, string] => [name, value])).toString()
}

const SPELLED = /^(?:[\x21-\x24\x26-\x3a\x3c-\x7e]|%[0-9A-Fa-f]{2})*$/

function decode(spelled: string): string | undefined {
  if (!SPELLED.test(spelled)) return undefined
  const bytes = spelled
    .replaceAll('+', ' ')
    .replace(/%[0-9A-Fa-f]{2}/g, (pair) => String.fromCharCode(Number.parseInt(pair.slice(1), 16)))
  if (bytes.includes('\0')) return undefined
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined
  }
}
