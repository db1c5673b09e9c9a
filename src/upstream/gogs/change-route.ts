import {
  type Change,
  type ChangeSchema,
  type PlaceFacts,
  readChange,
  schemaFor,
  type Where,
  writeChange,
} from '../../core/action/change.ts'
import { type Form, parseForm, writeForm } from '../../core/action/form.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, type Result } from '../../core/result.ts'
import type { ChangeRequest, Route } from '../forge.ts'

/** A line of the table whose requests are changes. */
export interface ChangeLine {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly schemas: readonly ChangeSchema[]
  readonly refusal: Refusal
}

// Words of a pattern that say where the change happens; every other open one is a field.
const PLACES = new Set([':owner', ':repo', ':org'])

/** The route of a change: its verbs and place now, its fields when the form has been read. */
export function changeRoute(
  line: ChangeLine,
  segments: readonly string[],
  query: string,
  where: Where,
): Route {
  return {
    kind: 'change',
    verbs: [...new Set(line.schemas.flatMap(({ refused, verbs }) => (refused ? [] : verbs)))],
    ...where,
    refusal: line.refusal,
    describe: (form, facts = {}) => describeChange(line, segments, query, form, where, facts),
    write: (change, facts = {}) => writeRequest(line, change, facts),
  }
}

/**
 * The change in named fields. Gogs reads the query into every form; so a field may come by either way, and by one only.
 * `segments` are those of a canonical path.
 */
export function describeChange(
  line: ChangeLine,
  segments: readonly string[],
  query: string,
  form: Form,
  where: Where,
  facts: PlaceFacts,
): Result<Change, Refusal> {
  // Everything but `line` is the attacker's.
  const asked = parseForm(query)
  if (!asked.ok)
    return err(refusal('bad-request', 'The query is not in the form of fields.', 'Use the form on the page.'))
  const params = readParams(line.path, segments)
  if (!params)
    return err(
      refusal('bad-request', 'The address is not in UTF-8.', 'Use the address as the pages show it.'),
    )
  const all = [...form, ...asked.value]
  const schema = schemaFor(line.schemas, all)
  return schema ? readChange(schema, params, all, where, facts) : err(NO_SUCH_CHANGE)
}

/**
 * The one request that means `change`: the path and every field written anew, nothing captured. It is read again before it
 * is given out, so that what is sent is what was described. `_csrf` is left to whoever sends it. Throws a `RangeError`
 * for a change that this line never described.
 */
export function writeRequest(line: ChangeLine, change: Change, facts: PlaceFacts): ChangeRequest {
  for (const schema of line.schemas) {
    if (!schema.verbs.includes(change.verb)) continue
    const path = writePath(line.path, schema, change)
    const form = writeForm(writeChange(schema, change.fields))
    const sent = parseForm(form)
    if (path === undefined || !sent.ok) continue
    const again = describeChange(line, path.slice(1).split('/'), '', sent.value, change.where, facts)
    if (again.ok && isSame(again.value, change)) return { method: line.method, path, body: form }
  }
  throw new RangeError(`this is no ${change.verb} of ${line.path}`)
}

const NO_SUCH_CHANGE = refusal(
  'unknown-action',
  'The gateway knows no such change of this page.',
  'Send the form as the page shows it.',
)

function readParams(pattern: string, segments: readonly string[]): string[] | undefined {
  const params: string[] = []
  for (const [at, word] of pattern.slice(1).split('/').entries()) {
    if (word !== '*' && (!word.startsWith(':') || PLACES.has(word))) continue
    const text = decode(word === '*' ? segments.slice(at) : segments.slice(at, at + 1))
    if (text === undefined) return undefined
    params.push(text)
  }
  return params
}

function decode(segments: readonly string[]): string | undefined {
  try {
    return segments.map(decodeURIComponent).join('/')
  } catch {
    return undefined
  }
}

function writePath(pattern: string, schema: ChangeSchema, { where, fields }: Change): string | undefined {
  const places: { readonly [word: string]: string | undefined } = {
    ':owner': where.repo?.owner,
    ':repo': where.repo?.name,
    ':org': where.org ?? undefined,
  }
  const keys = (schema.params ?? []).map(({ key }) => key)
  let path = ''
  for (const word of pattern.slice(1).split('/')) {
    const open = word === '*' || word.startsWith(':')
    const value = !open ? word : PLACES.has(word) ? places[word] : fieldOf(fields, keys.shift())
    if (value === undefined) return undefined
    path += `/${value.split('/').map(encodeURIComponent).join('/')}`
  }
  return path
}

function fieldOf(fields: Change['fields'], key: string | undefined): string | undefined {
  return fields.find((one) => one[0] === key)?.[1]
}

function isSame(one: Change, other: Change): boolean {
  return one.verb === other.verb && JSON.stringify(one.fields) === JSON.stringify(other.fields)
}
