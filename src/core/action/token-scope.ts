import type { RepoRef, Resource } from './action.ts'
import { groupOf, VERB_NAMES, type Verb } from './verbs.ts'

/** Words that stand for many verbs. `change` has the critical ones in it, as in policy; a touch is asked for all the same. */
export const SCOPE_GROUPS = ['read', 'ride', 'change'] as const
type ScopeGroup = (typeof SCOPE_GROUPS)[number]
export type ScopeWord = ScopeGroup | Verb

/** How far a token reaches. What it does not name is denied. */
export interface TokenScope {
  /** What it may ask for: groups and verbs, rising, none twice. */
  readonly may: readonly ScopeWord[]
  /** The repositories, by the forge's id; names are for display. Null: every one that its person may read, and what is in none. */
  readonly repos: readonly RepoRef[] | null
}

/** Whether a token may be given this word: pages with secrets, what is for nobody, and tokens themselves are not for tokens. */
export function isScopeWord(word: string): word is ScopeWord {
  if ((SCOPE_GROUPS as readonly string[]).includes(word)) return true
  if (!(VERB_NAMES as readonly string[]).includes(word) || word === 'token.create') return false
  const group = groupOf(word as Verb)
  return group !== 'never' && group !== 'secret-read'
}

/** Whether the scope holds this action. A scope of some repositories holds nothing outside of them. */
export function scopeHolds({ may, repos }: TokenScope, verb: Verb, resource: Resource): boolean {
  const group = groupOf(verb)
  const wide = group === 'critical' ? 'change' : group
  if (!may.some((word) => word === verb || word === wide)) return false
  if (repos === null) return true
  return resource.kind === 'repo' && repos.some(({ id }) => id === resource.repo.id)
}

/** The fields of the statement by which a token is made: what is signed says the whole of its reach. */
export function scopeFields({ may, repos }: TokenScope): readonly (readonly [string, string])[] {
  const words = [...may].sort().map((word) => ['may', word] as const)
  if (repos === null) return [...words, ['reach', 'all']]
  const named = repos.map(({ id, owner, name }) => `${owner}/${name}#${id}`).sort()
  return [...words, ['reach', 'listed'], ...named.map((one) => ['repo', one] as const)]
}
