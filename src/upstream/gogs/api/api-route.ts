import type { Refusal } from '../../../core/refusal.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { JsonObject } from '../../../core/strict-json.ts'
import type { ApiLook, ApiRoute, ApiWish, Route } from '../../forge.ts'
import { isOwnerName, isRepoName } from '../names.ts'
import { BAD_NAME } from '../refused.ts'
import type { ApiFate } from '../routes/fate.ts'
import { translate, type Words } from './as-form.ts'
import { bad, readMeaning } from './body.ts'
import { readQuery } from './query.ts'

const refused = (refusal: Refusal): Route => ({ kind: 'refused', refusal, verb: null })
const EMPTY: JsonObject = new Map()
/** Words of the address that are names of people or organisations. */
const PEOPLE = new Set([':owner', ':org', ':person', ':target'])

/**
 * What a request of the interface asks for, by its line. `segments` are those of a canonical path that the line matches;
 * `routeOf` knows the pages, for what is carried out as one of their forms.
 */
export function apiRoute(
  pattern: string,
  fate: ApiFate,
  segments: readonly string[],
  query: string,
  routeOf: (method: string, path: string) => Route,
): Route {
  // `segments` and `query` are the attacker's.
  const words = readWords(pattern, segments)
  if (!words) return refused(BAD_NAME)
  const asked = readQuery(query, fate.query)
  if (!asked.ok) return refused(asked.error)
  const { owner, repo } = words
  const route: ApiRoute = {
    kind: 'api',
    verbs: [...fate.meanings.map(([verb]) => verb), ...(fate.form?.verbs ?? [])],
    repo: owner !== undefined && repo !== undefined ? { owner, name: repo } : null,
    takesBody: fate.takesBody,
    query: asked.value,
    read: (json, look) => read(fate, json, words, look, routeOf),
  }
  return route
}

async function read(
  fate: ApiFate,
  json: JsonObject | null,
  words: Words,
  look: ApiLook,
  routeOf: (method: string, path: string) => Route,
): Promise<Result<ApiWish, Refusal>> {
  const { meanings, form, takesBody } = fate
  if (json && !takesBody) return err(bad('This address takes no body.'))
  const body = json ?? EMPTY
  const fits = meanings.length > 0 && readMeaning(body, meanings)
  if (fits && (fits.ok || !form))
    return fits.ok
      ? ok({ kind: 'forward', verb: fits.value.verb, body: takesBody ? fits.value.body : null })
      : fits
  if (!form) throw new Error('a line of the interface without a meaning')
  const same = await translate(form.translation, body, words, look)
  if (!same.ok) return same
  const { method, path, form: pairs } = same.value
  const route = routeOf(method, path)
  // The words of the address become a path of the pages: what is none there is refused, whatever it is.
  if (route.kind !== 'change') return err(route.kind === 'refused' ? route.refusal : BAD_NAME)
  return ok({ kind: 'change', route, path, form: pairs })
}

/** The open words of the address; undefined when one is no name. Places are folded, as the pages' are. */
function readWords(pattern: string, segments: readonly string[]): Words | undefined {
  const words: { [name: string]: string } = {}
  for (const [at, word] of pattern.slice(1).split('/').entries()) {
    if (word === '*') {
      const rest = decoded(segments.slice(at))
      if (rest === undefined) return undefined
      words['*'] = rest
    }
    if (!word.startsWith(':')) continue
    const text = segments[at]!
    const folds = word === ':owner' || word === ':repo' || word === ':org'
    if (PEOPLE.has(word) && !isOwnerName(text)) return undefined
    if (word === ':repo' && !isRepoName(text)) return undefined
    words[word.slice(1)] = folds ? text.toLowerCase() : text
  }
  return words
}

function decoded(segments: readonly string[]): string | undefined {
  try {
    return segments.map(decodeURIComponent).join('/')
  } catch {
    return undefined
  }
}
