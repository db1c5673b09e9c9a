import { sha256Hex } from '../crypto.ts'
import { type Refusal, refusal } from '../refusal.ts'
import { err, ok, type Result } from '../result.ts'
import type { Field, FieldSpec } from './field.ts'
import type { Form } from './form.ts'
import type { Verb } from './verbs.ts'

/** Where in the forge something happens: names as in the path, folded, not yet resolved. */
export interface Where {
  readonly repo: { readonly owner: string; readonly name: string } | null
  readonly org: string | null
}

/** What is known of the place from elsewhere than the request. What is not known is taken to be the worse. */
export interface PlaceFacts {
  /** Whether the repository is private now. */
  readonly private?: boolean
}

/** The value of a field by its key; empty when it is not there. */
export type Said = (key: string) => string

/** One meaning that a form can have. */
export interface ChangeSchema {
  /** Every verb that the form can mean. */
  readonly verbs: readonly Verb[]
  /** Which of them it does mean; the first unless given. */
  readonly verb?: (said: Said, facts: PlaceFacts) => Verb
  /** Pairs that a form of this meaning has, and that are sent again. */
  readonly match?: Form
  /** Set when nobody may mean this: then the rest does not count. */
  readonly refused?: Refusal
  /** Pairs that are sent whatever the client said: the forge wants them and makes no use of their values. */
  readonly send?: Form
  /** Names that a client may send and that mean nothing here. */
  readonly ignore?: readonly string[]
  /** Fields that the path's words already say. */
  readonly constants?: readonly Field[]
  /** Fields in the path, in its order. */
  readonly params?: readonly FieldSpec[]
  readonly fields: readonly FieldSpec[]
  /** What no form of this meaning may say. */
  readonly check?: (said: Said, where: Where) => Refusal | undefined
  /** One sentence for the person who is asked to agree, without a full stop. */
  readonly sentence: (said: Said, where: Where) => string
}

/** A change in named fields: nothing is left of the raw request. */
export interface Change {
  readonly verb: Verb
  readonly where: Where
  /** In the order of the schema. Secrets are among them: never for statement, ledger or log. */
  readonly fields: readonly Field[]
  /** The same for statement and ledger: secrets and long texts by their digest, `KEY-digest sha256:HEX` over UTF-8. */
  readonly stated: readonly Field[]
  /** The change in plain English. Values are the attacker's: escaped where it is shown. */
  readonly sentence: string
}

/** `_csrf` is the forge's own token; the gateway adds a fresh one. */
const CSRF = '_csrf'

/** The schema whose discriminators this form has; undefined when it has those of none. */
export function schemaFor(schemas: readonly ChangeSchema[], form: Form): ChangeSchema | undefined {
  const has = ([name, value]: Field): boolean => form.some((pair) => pair[0] === name && pair[1] === value)
  return schemas.find(({ match = [] }) => match.every(has))
}

/** Read a form, and the decoded parameters of its path, as the fields of `schema`: nothing unknown, nothing twice. */
export function readChange(
  schema: ChangeSchema,
  params: readonly string[],
  form: Form,
  where: Where,
  facts: PlaceFacts,
): Result<Change, Refusal> {
  if (schema.refused) return err(schema.refused)
  // Names and values are the attacker's.
  const sent = collect(schema, form)
  if (!sent.ok) return sent
  const values = new Map<string, string[]>()
  for (const [at, spec] of (schema.params ?? []).entries()) {
    const taken = take(spec, [params[at] ?? ''])
    if (!taken.ok) return taken
    values.set(spec.key, taken.value)
  }
  for (const spec of schema.fields) {
    if (spec.when && values.get(spec.when[0])?.[0] !== spec.when[1]) continue
    const taken = take(spec, sent.value.get(spec.name) ?? [])
    if (!taken.ok) return taken
    values.set(spec.key, taken.value)
  }
  const fields: Field[] = [
    ...(schema.constants ?? []),
    ...[...values].flatMap(([key, all]) => all.map((value): Field => [key, value])),
  ]
  const said: Said = (key) => fields.find((one) => one[0] === key)?.[1] ?? ''
  const wrong = schema.check?.(said, where)
  if (wrong) return err(wrong)
  return ok({
    verb: schema.verb?.(said, facts) ?? schema.verbs[0]!,
    where,
    fields,
    stated: fields.map((one) => state(schema, one)),
    sentence: schema.sentence(said, where),
  })
}

/** The form that says these fields of `schema`, in the order of the schema and without `_csrf`. */
export function writeChange(schema: ChangeSchema, fields: readonly Field[]): Form {
  const form: (readonly [string, string])[] = [...(schema.match ?? []), ...(schema.send ?? [])]
  for (const spec of schema.fields)
    for (const [key, value] of fields) {
      if (key !== spec.key) continue
      const text = spec.kind.send(value)
      if (text !== undefined) form.push([spec.name, text])
    }
  return form
}

/** Values by name, of the names that the schema has. */
function collect(schema: ChangeSchema, form: Form): Result<Map<string, string[]>, Refusal> {
  const spoken = new Set([
    CSRF,
    ...(schema.ignore ?? []),
    ...[...(schema.match ?? []), ...(schema.send ?? [])].map(([name]) => name),
  ])
  const specs = new Map(schema.fields.map((spec) => [spec.name, spec]))
  const sent = new Map<string, string[]>()
  for (const [name, value] of form) {
    const spec = specs.get(name)
    if (!spec && !spoken.has(name)) return bad('The form has a field that does not belong to it.')
    const others = sent.get(name)
    if (others && !spec?.list) return bad('The form has a field twice.')
    if (others) others.push(value)
    else sent.set(name, [value])
  }
  return ok(sent)
}

/** Longest list. A statement of more would not be read by anybody. */
const MAX_VALUES = 100

/** The values of one field: none, one, or for a list several that rise. */
function take(spec: FieldSpec, texts: readonly string[]): Result<string[], Refusal> {
  const { kind } = spec
  const values: string[] = []
  for (const text of texts) {
    if (text === '') continue
    const value = kind.accept(text)
    if (value === undefined) return bad(`The field "${spec.key}" must be ${kind.must}.`)
    values.push(value)
  }
  if (values.length === 0 && kind.unsent !== undefined) values.push(kind.unsent)
  if (values.length === 0 && spec.required) return bad(`The field "${spec.key}" is missing.`)
  if (values.length > MAX_VALUES) return bad(`The field "${spec.key}" has more than ${MAX_VALUES} values.`)
  const rising = values.sort()
  if (rising.some((value, at) => value === rising[at - 1])) return bad('The form has a value twice.')
  return ok(rising)
}

function state(schema: ChangeSchema, [key, value]: Field): Field {
  const spec = [...(schema.params ?? []), ...schema.fields].find((one) => one.key === key)
  return spec?.stated === 'digest' ? [`${key}-digest`, `sha256:${sha256Hex(value)}`] : [key, value]
}

function bad(say: string): Result<never, Refusal> {
  return err(refusal('bad-request', say, 'Reload the page, and send the form as it shows it.'))
}
