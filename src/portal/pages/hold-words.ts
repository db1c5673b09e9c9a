import type { RefLanding } from '../../core/git/landing.ts'
import { isZeroId, type RefUpdate } from '../../core/git/ref-update.ts'
import type { Hold, HoldState } from '../../hold/holds.ts'

/** How a state is told: large, then in a sentence. `over` means that nothing follows. */
export interface Telling {
  readonly title: string
  readonly say: string
  readonly look: 'wait' | 'good' | 'bad' | 'off'
  readonly over: boolean
}

/** Exhaustive: a new state does not compile until it has words. */
export function telling(state: HoldState): Telling {
  switch (state) {
    case 'receiving':
      return {
        title: 'A push is coming in',
        say: 'Its objects are still on the way.',
        look: 'wait',
        over: false,
      }
    case 'waiting':
      return {
        title: 'Your push waits for a touch',
        say: 'Nothing changes until you approve it.',
        look: 'wait',
        over: false,
      }
    case 'approved':
      return { title: 'Approved', say: 'The forge is taking it now.', look: 'wait', over: false }
    case 'signed':
      return {
        title: 'Signed by you',
        say: 'Nothing changes until somebody else countersigns it. git waits.',
        look: 'wait',
        over: false,
      }
    case 'landed':
      return { title: 'It landed', say: 'The forge took all of it.', look: 'good', over: true }
    case 'rejected':
      return {
        title: 'Approved, but turned down',
        say: 'Your touch held, and then some of it was refused.',
        look: 'bad',
        over: true,
      }
    case 'refused':
      return { title: 'You refused it', say: 'Nothing changed.', look: 'off', over: true }
    case 'expired':
      return {
        title: 'Too late',
        say: 'Nobody touched a key in time. Nothing changed; push again when you are ready.',
        look: 'off',
        over: true,
      }
    case 'gone':
      return {
        title: 'The client left',
        say: 'git was stopped or lost its connection before the push was approved. Nothing changed.',
        look: 'off',
        over: true,
      }
    case 'revoked':
      return {
        title: 'Its access ended',
        say: 'The account, device or git password behind this push was ended. Nothing changed.',
        look: 'bad',
        over: true,
      }
    case 'unusable':
      return {
        title: 'It could not be read',
        say: 'What came in was not a whole, sound push. Nothing changed.',
        look: 'bad',
        over: true,
      }
    case 'closed':
      return { title: 'The gateway stopped', say: 'Nothing changed; push again.', look: 'off', over: true }
  }
}

/** git's bytes of a ref name, read as UTF-8. */
export function refName({ ref }: RefUpdate): string {
  return Buffer.from(ref, 'latin1').toString('utf8')
}

/** `refs/heads/` and `refs/tags/` as people say them. */
export function refWords(update: RefUpdate): {
  readonly kind: 'branch' | 'tag' | 'ref'
  readonly name: string
} {
  const name = refName(update)
  const [, folder, rest] = /^refs\/(heads|tags)\/(.+)$/su.exec(name) ?? []
  if (rest === undefined) return { kind: 'ref', name }
  return { kind: folder === 'heads' ? 'branch' : 'tag', name: rest }
}

/** What a command does, as far as is known without git. */
export function moveOf(update: RefUpdate, landing?: RefLanding): RefLanding['move'] {
  if (isZeroId(update.after)) return 'delete'
  if (isZeroId(update.before)) return 'create'
  return landing?.move ?? 'unknown'
}

/** The repository as its address has it. */
export function repoName({ repo, part }: Pick<Hold, 'repo' | 'part'>): string {
  return `${repo.owner}/${repo.name}${part === 'wiki' ? ' (wiki)' : ''}`
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`
}
