import { parseForm, writeForm } from '../../../core/action/form.ts'
import type { Refusal } from '../../../core/refusal.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { isRefLike } from '../names.ts'
import { bad } from './body.ts'

const count = (most: number) => (text: string) => /^[1-9][0-9]{0,8}$/.test(text) && Number(text) <= most

/** Every name that a query of the interface may have, and what may stand behind it. */
const PARAMETERS = {
  page: count(1_000_000),
  limit: count(100),
  pageSize: count(100),
  uid: count(999_999_999),
  state: (text: string) => text === 'open' || text === 'closed',
  since: (text: string) => /^[0-9TZ:.+-]{10,40}$/.test(text),
  q: (text: string) => text.length <= 200 && !/\p{Cc}/u.test(text),
  ref: (text: string) => text.length <= 250 && isRefLike(text),
} as const

export type Parameter = keyof typeof PARAMETERS

/** A query with nothing but these names, each once, written anew. */
export function readQuery(query: string, names: readonly Parameter[]): Result<string, Refusal> {
  // `query` is the attacker's.
  const form = parseForm(query)
  if (!form.ok) return err(bad('The query is not in the form of fields.'))
  const seen = new Set<string>()
  for (const [name, value] of form.value) {
    if (!(names as readonly string[]).includes(name) || seen.has(name))
      return err(bad('The query has a field that does not belong to it, or one twice.'))
    if (!PARAMETERS[name as Parameter](value))
      return err(bad(`The field "${name}" of the query makes no sense.`))
    seen.add(name)
  }
  return ok(writeForm(form.value))
}
