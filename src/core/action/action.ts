import type { RefUpdate } from '../git/ref-update.ts'

/** The closed list of verbs. `ActionKind` in the policy schema groups them; an unlisted verb cannot be decided. */
export type Verb = 'page.read' | 'git.fetch' | 'git.push' | 'repo.create' | 'issue.write'

/** A repository by the forge's numeric id; names are for display and for building the canonical path. */
export interface RepoRef {
  readonly id: number
  readonly owner: string
  readonly name: string
}

/** What somebody wants, in the forge adapter's words and with nothing left of the raw request. */
export type Action =
  | { readonly verb: 'page.read'; readonly resource: Resource }
  | { readonly verb: 'repo.create'; readonly resource: Resource }
  | { readonly verb: 'issue.write'; readonly resource: Resource }
  | { readonly verb: 'git.fetch'; readonly resource: RepoResource }
  | { readonly verb: 'git.push'; readonly resource: RepoResource; readonly updates: readonly RefUpdate[] }

export interface RepoResource {
  readonly kind: 'repo'
  readonly repo: RepoRef
  /** The wiki is the same repository under the same policy. */
  readonly part: 'code' | 'wiki'
}

/** The forge as a whole, for pages that belong to no repository. */
export interface SiteResource {
  readonly kind: 'site'
}

export type Resource = RepoResource | SiteResource

export const SITE: SiteResource = { kind: 'site' }
