import type { ChangeSchema } from '../../../core/action/change.ts'
import type { Verb } from '../../../core/action/verbs.ts'
import type { Refusal } from '../../../core/refusal.ts'
import type { PageVerb } from '../../forge.ts'
import type { Translation } from '../api/as-form.ts'
import type { Meaning } from '../api/body.ts'
import type { Parameter } from '../api/query.ts'
import { REFUSED, type RefusedKey } from '../refused.ts'

/** An address of the programming interface. */
export interface ApiFate {
  readonly kind: 'api'
  /** What rides on the token, by the members of its body. */
  readonly meanings: readonly Meaning[]
  readonly query: readonly Parameter[]
  readonly takesBody: boolean
  /** What every other body asks for: a form of the pages, for which somebody must touch a key. */
  readonly form: { readonly verbs: readonly Verb[]; readonly translation: Translation } | null
}

/** What becomes of a request that a line of the table matches. Made once a line; a request only reads it. */
export type Fate =
  | {
      readonly kind: 'page'
      readonly verb: PageVerb
      readonly secret: boolean
      /** The form's address may end in `?redirect_to=`, where the forge leads back to. */
      readonly leadsBack: boolean
      /** Shown to everybody where the repository is public. */
      readonly open?: true
      /** Bytes that people brought, as they are: no page of the forge. */
      readonly raw?: true
    }
  | ApiFate
  | { readonly kind: 'asset' }
  | { readonly kind: 'ours'; readonly page: 'sign-in' | 'sign-out'; readonly verb: Verb }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly verb: Verb | null }
  | { readonly kind: 'change'; readonly schemas: readonly ChangeSchema[]; readonly refusal: Refusal }

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'ANY'

/**
 * One line: method, path, fate. GET covers HEAD, as it does in Gogs; ANY is every method. `:index` and `:id` are
 * digits, `:sha` is hex, `:owner` and `:repo` are names, any other `:word` is one segment, `*` is the rest (not empty).
 */
export type RouteLine = readonly [Method, string, Fate]

/** Passes: what the verb asks of policy is a session, whose age policy may look at. */
export const pass = (verb: PageVerb): Fate => ({ kind: 'page', verb, secret: false, leadsBack: false })

/** Passes, and its form's address says where to go afterwards. */
export const passAndBack = (verb: PageVerb): Fate => ({ kind: 'page', verb, secret: false, leadsBack: true })

/** A page that shows a secret of the forge. */
export const secret = (verb: PageVerb): Fate => ({ kind: 'page', verb, secret: true, leadsBack: false })

/** Refused for everybody, in the words that `key` stands for. */
export const refuse = (key: RefusedKey, verb: Verb | null = null): Fate => ({
  kind: 'refused',
  refusal: REFUSED[key],
  verb,
})

export const api = (fate: Omit<ApiFate, 'kind'>): Fate => ({ kind: 'api', ...fate })

const page = { kind: 'page', verb: 'page.read', secret: false, leadsBack: false } as const
export const READ: Fate = page
/** A page of a repository that Gogs itself shows to whoever may read it, signed in or not. */
export const OPEN: Fate = { ...page, open: true }
/** What people brought, as it is. */
export const OPEN_RAW: Fate = { ...page, open: true, raw: true }
export const RAW: Fate = { ...page, raw: true }
export const ASSET: Fate = { kind: 'asset' }
export const signIn = (verb: Verb): Fate => ({ kind: 'ours', page: 'sign-in', verb })
export const signOut = (verb: Verb): Fate => ({ kind: 'ours', page: 'sign-out', verb })

/** A change that takes a proof of its own; `key` says how to do it by other means. */
export const change = (key: RefusedKey, ...schemas: readonly ChangeSchema[]): Fate => ({
  kind: 'change',
  schemas,
  refusal: REFUSED[key],
})

/**
 * Whether a query says nothing but which page of the forge to go back to. Two slashes or a backslash would lead to another
 * site.
 */
export function leadsToOwnPage(query: string): boolean {
  return query === 'redirect_to=/' || /^redirect_to=(?:(?:\/|%2[Ff])[A-Za-z0-9._-]+)+$/.test(query)
}
