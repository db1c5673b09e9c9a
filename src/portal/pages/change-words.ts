import type { Resource } from '../../core/action/action.ts'
import type { Change } from '../../core/action/change.ts'
import { groupOf, type Verb } from '../../core/action/verbs.ts'
import type { ParkedChange, ParkedState } from '../../hold/parked-changes.ts'

/** How a state is told: large, then in a sentence. `over` means that nothing follows. */
export interface ChangeTelling {
  /** Null while it waits: then the change itself is the title. */
  readonly title: string | null
  readonly say: string
  readonly look: 'wait' | 'good' | 'bad' | 'off'
  readonly over: boolean
}

/** Exhaustive: a new state does not compile until it has words. */
export const CHANGE_TELLING: { readonly [state in ParkedState]: ChangeTelling } = {
  waiting: { title: null, say: 'Nothing changes until you confirm it.', look: 'wait', over: false },
  approved: { title: 'Confirmed', say: 'The forge is taking it now.', look: 'wait', over: false },
  signed: {
    title: 'Signed by you',
    say: 'Nothing changes until somebody else countersigns it.',
    look: 'wait',
    over: false,
  },
  done: { title: 'Done', say: 'The forge took it.', look: 'good', over: true },
  rejected: {
    title: 'Confirmed, but turned down',
    say: 'Your touch held, and then it was refused.',
    look: 'bad',
    over: true,
  },
  refused: { title: 'Dropped', say: 'Nothing changed.', look: 'off', over: true },
  expired: {
    title: 'Too late',
    say: 'Nobody confirmed it in time. Nothing changed; send the form again.',
    look: 'off',
    over: true,
  },
  revoked: { title: 'Its access ended', say: 'Nothing changed.', look: 'bad', over: true },
}

/** Hard to undo, or opens the door to others. */
export function isCritical({ verb }: Pick<Change, 'verb'>): boolean {
  return groupOf(verb) === 'critical'
}

/** What follows from a critical change, for the person who is about to agree; a verb without its own words has the general ones. */
export function consequence(verb: Verb): string {
  return CONSEQUENCES[verb] ?? 'It is hard to undo, or lets others do more than before.'
}

const CONSEQUENCES: { readonly [verb in Verb]?: string } = {
  'repo.delete': 'Code, issues and history go away, for everybody. Nobody can bring them back from here.',
  'repo.transfer': 'The new owner decides over it from then on, and about who may see it.',
  'repo.visibility.update': 'Whoever may see it may copy it, and a copy cannot be taken back.',
  'repo.wiki.delete': 'All pages of the wiki go away, for everybody. Nobody can bring them back from here.',
  'repo.collaborator.make-admin': 'An administrator may change its settings, let others in, and delete it.',
  'branch.default.update': 'It is what people see and clone first, and where pull requests go.',
  'branch.protection.update': 'It decides who may write to this branch, and how.',
  'org.delete':
    'The organisation, its teams and what they may do go away. Nobody can bring them back from here.',
  'org.team.update': 'It may give all members of the team more to do, in every repository of the team.',
  'org.team.member.add': 'They may then do what the team may, in every repository of the team.',
  'user.delete': 'The account goes away. Nobody can bring it back from here.',
  'admin.operation': 'It works on the whole forge.',
  'admin.user.create': 'Somebody who was not invited here gets an account of the forge.',
  'admin.user.update': 'It may make somebody an administrator of the forge, or shut them out.',
  'admin.user.delete': 'The account goes away, with what only it owns. Nobody can bring it back from here.',
  'admin.repo.delete':
    'Code, issues and history go away, for everybody. Nobody can bring them back from here.',
  'admin.notice.delete': 'What the forge told its administrators goes away.',
  'admin.notice.empty': 'All that the forge told its administrators goes away.',
}

/** Where it happens: what kind of place, and its name by the forge. */
export function placeOf(
  resource: Resource,
  { where }: Change,
): { readonly kind: string; readonly name: string } {
  switch (resource.kind) {
    case 'repo':
      return { kind: 'Repository', name: `${resource.repo.owner}/${resource.repo.name}` }
    case 'org':
      return { kind: 'Organisation', name: resource.org.name }
    case 'account':
      return { kind: 'Account', name: 'your own' }
    case 'site':
      return where.org === null
        ? { kind: 'Where', name: 'the whole forge' }
        : { kind: 'Organisation', name: where.org }
  }
}

/** Path on the forge to go on at, or back to: its own word first, then the page of the form, then the place itself. */
export function wayBack({ next, page, resource }: Pick<ParkedChange, 'next' | 'page' | 'resource'>): string {
  // Pages that send no referrer leave the page of the form unknown.
  if (next !== null || page !== '/') return next ?? page
  switch (resource.kind) {
    case 'repo':
      return `/${encodeURIComponent(resource.repo.owner)}/${encodeURIComponent(resource.repo.name)}`
    case 'org':
      return `/${encodeURIComponent(resource.org.name)}`
    case 'account':
    case 'site':
      return '/'
  }
}

/** Fields that are stated by digest for their length. Every other one is so because it is a secret, and is shown to nobody. */
const LONG_TEXTS: ReadonlySet<string> = new Set(['content', 'notes'])

export interface FieldWords {
  readonly label: string
  /** Whether the statement has a digest in place of the value. */
  readonly digest: boolean
  /** The long text behind the digest; undefined when there is none that may be shown. */
  readonly text: string | undefined
}

/** A stated field for people. */
export function fieldWords(key: string, { fields }: Pick<Change, 'fields'>): FieldWords {
  const digest = key.endsWith('-digest')
  const bare = digest ? key.slice(0, -'-digest'.length) : key
  const text = digest && LONG_TEXTS.has(bare) ? fields.find(([name]) => name === bare)?.[1] : undefined
  const words = bare.replaceAll('-', ' ').replace(/\b(?:url|id)\b/g, (word) => word.toUpperCase())
  return { label: words.charAt(0).toUpperCase() + words.slice(1), digest, text }
}
