import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { bodyKind } from './check-request.ts'

const MAX_BODY = 256 * 1024

/** What a form or JSON body may hold: each name with the most characters its text may have, or `object`. */
export type Shape = { readonly [name: string]: number | 'object' }
export type Fields<S extends Shape> = {
  readonly [Name in keyof S]: S[Name] extends 'object' ? { readonly [key: string]: unknown } : string
}

/**
 * Read a body as exactly these fields: none missing, none unknown, none twice, none longer than it may be. A field of
 * type `object` exists in JSON only.
 */
export async function readFields<const S extends Shape>(
  request: Request,
  shape: S,
): Promise<Result<Fields<S>, Refusal>> {
  // The body is the attacker's.
  const text = await request.text().catch(() => undefined)
  if (text === undefined) return bad('The request ended too early.')
  if (text.length > MAX_BODY) return err(refusal('too-large', 'The request is larger than 256 KiB.'))
  const entries = bodyKind(request) === 'json' ? jsonEntries(text) : [...new URLSearchParams(text)]
  if (!entries) return bad('The request is not a JSON object.')
  const fields = new Map<string, unknown>()
  for (const [name, value] of entries) {
    const kind = Object.hasOwn(shape, name) ? shape[name] : undefined
    if (kind === undefined) return bad('The request has a field that does not belong to it.')
    if (fields.has(name)) return bad('The request has a field twice.')
    const fits = kind === 'object' ? isObject(value) : typeof value === 'string' && value.length <= kind
    if (!fits) return bad(`The field "${name}" is of the wrong kind or too long.`)
    fields.set(name, value)
  }
  const missing = Object.keys(shape).find((name) => !fields.has(name))
  if (missing !== undefined) return bad(`The field "${missing}" is missing.`)
  return ok(Object.fromEntries(fields) as Fields<S>)
}

function jsonEntries(text: string): [string, unknown][] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? Object.entries(value) : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bad(say: string): Result<never, Refusal> {
  return err(refusal('bad-request', say, 'Reload the page and try again.'))
}
