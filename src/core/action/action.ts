import type { RefUpdate } from '../git/ref-update.ts'
import type { RefMove } from './moves.ts'
import type { Verb } from './verbs.ts'

export type { Verb } from './verbs.ts'

/** A repository by the forge's numeric id; names are for display and for building the canonical path. */
export interface RepoRef {
  readonly id: number
  readonly owner: string
  readonly name: string
}

/** What somebody wants, in the forge adapter's words and with nothing left of the raw request. */
export type Action =
  | { readonly verb: 'git.fetch'; readonly resource: RepoResource }
  | { readonly verb: 'git.push'; readonly resource: RepoResource; readonly updates: readonly RefUpdate[] }
  | {
      readonly verb: Exclude<Verb, 'git.fetch' | 'git.push'>
      readonly resource: Resource
      /** Refs that it moves, when it is a change that moves some. */
      readonly moves?: readonly RefMove[]
    }

export interface RepoResource {
  readonly kind: 'repo'
  readonly repo: RepoRef
  /** The wiki is the same repository under the same policy. */
  readonly part: 'code' | 'wiki'
}

/** An organisation by the forge's numeric id. */
export interface OrgResource {
  readonly kind: 'org'
  readonly org: { readonly id: number; readonly name: string }
}

/** The person themself: their profile, mail addresses and memberships in the forge, whose numeric id it is. */
export interface AccountResource {
  readonly kind: 'account'
  readonly account: { readonly id: number; readonly name: string }
}

/** The forge as a whole, for what belongs to no repository. */
export interface SiteResource {
  readonly kind: 'site'
}

export type Resource = RepoResource | OrgResource | AccountResource | SiteResource

export const SITE: SiteResource = { kind: 'site' }

/** Refs that an action moves, of a push or by a page; none of what moves none. */
export function movesIn(action: Action): readonly RefMove[] {
  if (action.verb === 'git.push') return action.updates
  return action.verb === 'git.fetch' ? [] : (action.moves ?? [])
}
