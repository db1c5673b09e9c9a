import { type Refusal, refusal } from '../../../core/refusal.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { JsonObject, StrictJson } from '../../../core/strict-json.ts'
import type { PageVerb } from '../../forge.ts'

/** What one member of a body may hold. */
export type Kind = 'text' | 'flag' | 'number' | 'numbers' | 'words' | 'texts'
export type Members = { readonly [name: string]: Kind }

/** One meaning of a body: the verb, and the members that it may have. */
export type Meaning = readonly [verb: PageVerb, members: Members]

const LIST_AT_MOST = 200
const isText = (value: StrictJson): value is string => typeof value === 'string'
const isNumber = (value: StrictJson): value is number => typeof value === 'number' && value >= 0
const all = <T extends StrictJson>(value: StrictJson, is: (one: StrictJson) => one is T): value is T[] =>
  Array.isArray(value) && value.length <= LIST_AT_MOST && value.every(is)

const IS: { readonly [K in Kind]: (value: StrictJson) => boolean } = {
  text: isText,
  flag: (value) => typeof value === 'boolean',
  number: isNumber,
  numbers: (value) => all(value, isNumber),
  words: (value) => all(value, isText),
  texts: (value) => value instanceof Map && value.size <= LIST_AT_MOST && [...value.values()].every(isText),
}

/** Refuses members that are unknown or of another kind. Names are compared exactly, although the forge folds them. */
export function checkMembers(json: JsonObject, members: Members): Refusal | undefined {
  // Names and values are the attacker's.
  for (const [name, value] of json) {
    const kind = Object.hasOwn(members, name) ? members[name] : undefined
    if (kind === undefined)
      return bad('The body has a member that does not belong to it, or not beside the others.')
    if (!IS[kind](value)) return bad(`The member "${name}" is of the wrong kind.`)
  }
  return undefined
}

/** The first meaning that has all the members, and the body written anew in its order. */
export function readMeaning(
  json: JsonObject,
  meanings: readonly Meaning[],
): Result<{ verb: PageVerb; body: string }, Refusal> {
  const found =
    meanings.find(([, members]) => [...json.keys()].every((name) => Object.hasOwn(members, name))) ??
    meanings[0]!
  const [verb, members] = found
  const wrong = checkMembers(json, members)
  if (wrong) return err(wrong)
  const sent = Object.keys(members).flatMap((name) =>
    json.has(name) ? [[name, plain(json.get(name)!)]] : [],
  )
  return ok({ verb, body: JSON.stringify(Object.fromEntries(sent)) })
}

function plain(value: StrictJson): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value
}

export function bad(say: string, fix = 'Send it as the interface of the forge describes it.'): Refusal {
  return refusal('bad-request', say, fix)
}
