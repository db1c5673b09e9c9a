import type { RepoRef } from '../../core/action/action.ts'
import { isScopeWord, type ScopeWord, type TokenScope } from '../../core/action/token-scope.ts'
import type { Account } from '../../core/identity.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { TokenDesk } from '../token-desk.ts'
import { deviceName } from './device-name.ts'

/** A token as its person asks for it. */
export interface TokenWish {
  readonly name: string
  readonly scope: TokenScope
  /** ms */
  readonly life: number
}

/** The choices of the page, and the words of the scope that they mean. `chosen`: those that are typed. */
export const LEVELS: { readonly [level: string]: readonly ScopeWord[] } = {
  read: ['read'],
  ride: ['read', 'ride'],
  change: ['change', 'read', 'ride'],
  chosen: [],
}
/** Statements stay readable. */
const WORDS_AT_MOST = 40
const REPOS_AT_MOST = 40
const MINUTE = 60_000

/** Read what the form says. `of` is the attacker's. */
export async function readTokenWish(
  of: { readonly [key: string]: unknown },
  account: Account,
  desk: TokenDesk,
  longest: number,
): Promise<Result<TokenWish, Refusal>> {
  const text = (key: string): string => (typeof of[key] === 'string' ? (of[key] as string) : '')
  const name = deviceName(text('name'), 'token')
  if (!name.ok) return name
  const may = mayOf(text('level'), text('actions'))
  if (!may.ok) return may
  const repos = text('reach') === 'all' ? ok(null) : await reposOf(text('repos'), account, desk)
  if (!repos.ok) return repos
  const minutes = /^[1-9][0-9]{0,6}$/.test(text('minutes')) ? Number(text('minutes')) : 0
  if (minutes === 0 || minutes * MINUTE > longest)
    return no('A token lives as long as the page offers, and no longer.', 'Choose one of the times.')
  return ok({ name: name.value, scope: { may: may.value, repos: repos.value }, life: minutes * MINUTE })
}

function mayOf(level: string, actions: string): Result<readonly ScopeWord[], Refusal> {
  const words = Object.hasOwn(LEVELS, level) ? LEVELS[level]! : undefined
  if (!words) return no('A token needs something that it may do.', 'Choose one of the four.')
  if (level !== 'chosen') return ok(words)
  const chosen = wordsIn(actions)
  const odd = chosen.find((word) => !isScopeWord(word))
  if (odd !== undefined)
    return no(
      'One of the actions is none that a token may be given.',
      'Write actions as the policy names them.',
    )
  if (chosen.length === 0 || chosen.length > WORDS_AT_MOST)
    return no(`Name one action at least, and ${WORDS_AT_MOST} at most.`, 'Write one on each line.')
  return ok(chosen as ScopeWord[])
}

async function reposOf(
  text: string,
  account: Account,
  desk: TokenDesk,
): Promise<Result<readonly RepoRef[], Refusal>> {
  const names = wordsIn(text)
  if (names.length === 0 || names.length > REPOS_AT_MOST)
    return no(`Name one repository at least, and ${REPOS_AT_MOST} at most.`, 'Write owner/name on each line.')
  const found = new Map<number, RepoRef>()
  for (const name of names) {
    const repo = await desk.repo(name, account)
    if (!repo)
      return no('One of the repositories does not exist, or you may not see it.', 'Write owner/name.')
    found.set(repo.id, repo)
  }
  return ok([...found.values()].sort((a, b) => a.id - b.id))
}

/** Words between spaces, commas and ends of lines, rising, none twice. */
function wordsIn(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((word) => word !== ''))].sort()
}

function no(say: string, fix: string): Result<never, Refusal> {
  return err(refusal('bad-request', say, fix))
}
