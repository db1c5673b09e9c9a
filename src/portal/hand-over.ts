import { randomSecret } from '../core/crypto.ts'
import type { Session } from '../identity/identity.ts'

/** How long a one-time code lives, in ms (docs/decisions/0007-two-origins.md). */
const CODE_LIFE = 30_000
/** How long a person may take from the forge page they wanted to the end of their sign-in, in ms. */
const HANDLE_LIFE = 15 * 60_000
const MAX_KEPT = 10_000
const HOME = '/'

/**
 * The way from a portal session to a forge session. The forge front begins with a browser's pre-session and what it
 * wanted; the portal issues a code once the person is signed in; the forge front redeems it, from the same browser only.
 * What was wanted never travels, so no link can choose where a sign-in ends.
 */
export interface HandOver {
  /** Remember that this browser wants `next` on the forge. `preSessionHash` is sha256 hex of its pre-session cookie. */
  begin(preSessionHash: string, next: string): string
  /** A one-time code for `handle`, or undefined when the handle is unknown, too old or was used before. */
  issue(handle: string, session: Session): string | undefined
  /** Spend a code. Undefined when it is unknown, used, too old, or of another browser; in every case it is spent. */
  redeem(
    code: string,
    preSessionHash: string,
  ): { readonly session: Session; readonly next: string } | undefined
}

interface Wish {
  readonly preSessionHash: string
  readonly next: string
  readonly goodUntil: number
}

/** `now` is unix ms. Kept in memory: a restart costs a person one more click. */
export function createHandOver({ now }: { now: () => number }): HandOver {
  const wishes = new Map<string, Wish>()
  const codes = new Map<string, Wish & { readonly session: Session }>()

  return {
    begin(preSessionHash, next) {
      const handle = randomSecret()
      keep(wishes, handle, { preSessionHash, next: safeNext(next), goodUntil: now() + HANDLE_LIFE })
      return handle
    },
    issue(handle, session) {
      const wish = take(wishes, handle)
      if (!wish || wish.goodUntil <= now()) return undefined
      const code = randomSecret()
      keep(codes, code, { ...wish, session, goodUntil: now() + CODE_LIFE })
      return code
    },
    redeem(code, preSessionHash) {
      const found = take(codes, code)
      if (!found || found.goodUntil <= now() || found.preSessionHash !== preSessionHash) return undefined
      return { session: found.session, next: found.next }
    },
  }
}

function take<T>(map: Map<string, T>, key: string): T | undefined {
  const value = map.get(key)
  map.delete(key)
  return value
}

/** Bounded: the oldest goes first (a Map keeps the order of insertion). */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MAX_KEPT) map.delete(map.keys().next().value!)
  map.set(key, value)
}

// Printable ASCII from one slash on, no backslash: nothing that a browser could read as another host.
const NEXT = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/

function safeNext(next: string): string {
  return next.length <= 8192 && NEXT.test(next) ? next : HOME
}
