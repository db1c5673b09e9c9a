import type { Ask } from '../../hold/asks.ts'
import type { HoldState } from '../../hold/holds.ts'
import type { ParkedState } from '../../hold/parked-changes.ts'
import { count, repoName } from './hold-words.ts'

/** How far it is, for whoever countersigns it. */
export interface AskTelling {
  readonly title: string
  readonly say: string
  readonly look: 'wait' | 'good' | 'bad' | 'off'
}

const DONE: AskTelling = { title: 'Done', say: 'It was countersigned, and the forge took it.', look: 'good' }
const UNDER_WAY: AskTelling = { title: 'Under way', say: 'The forge is taking it now.', look: 'wait' }
const TURNED_DOWN: AskTelling = {
  title: 'Turned down',
  say: 'It was countersigned, and then it was refused.',
  look: 'bad',
}
const REFUSED: AskTelling = { title: 'Refused', say: 'Nothing changed.', look: 'off' }
const TOO_LATE: AskTelling = {
  title: 'Too late',
  say: 'Too few people countersigned it in time. Nothing changed.',
  look: 'off',
}
const ENDED: AskTelling = { title: 'Its access ended', say: 'Nothing changed.', look: 'bad' }

/** Null while it waits for others. Exhaustive: a new state does not compile until it has words. */
const OF_CHANGE: { readonly [state in ParkedState]: AskTelling | null } = {
  waiting: null,
  signed: null,
  approved: UNDER_WAY,
  done: DONE,
  rejected: TURNED_DOWN,
  refused: REFUSED,
  expired: TOO_LATE,
  revoked: ENDED,
}
const OF_PUSH: { readonly [state in HoldState]: AskTelling | null } = {
  receiving: null,
  waiting: null,
  signed: null,
  approved: UNDER_WAY,
  landed: DONE,
  rejected: TURNED_DOWN,
  refused: REFUSED,
  expired: TOO_LATE,
  gone: { title: 'Gone', say: 'Whoever pushed it left. Nothing changed.', look: 'off' },
  revoked: ENDED,
  unusable: TURNED_DOWN,
  closed: { title: 'The gateway stopped', say: 'Nothing changed.', look: 'off' },
}

export function tellingOf({ subject }: Ask): AskTelling | null {
  return subject.kind === 'change' ? OF_CHANGE[subject.parked.state] : OF_PUSH[subject.hold.state]
}

/** Countersigned, and on its way: what becomes of it is known in a moment. */
export function isUnderWay(ask: Ask): boolean {
  return tellingOf(ask) === UNDER_WAY
}

/** What the other person wants, in one sentence. Other people's text. */
export function sentenceOf({ subject }: Ask): string {
  if (subject.kind === 'change') return subject.parked.change.sentence
  const { hold } = subject
  return `Push ${count(hold.updates.length, 'ref')} to ${repoName(hold)}`
}
