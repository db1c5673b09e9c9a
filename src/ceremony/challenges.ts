import { sha256Hex } from '../core/crypto.ts'

/** WebAuthn section 15.1: a ceremony may take minutes, since a person is part of it. */
export const CHALLENGE_LIFE = 5 * 60_000
const OPEN_AT_MOST = 10_000

/** Challenges that wait for their answer: one browser, one purpose, one use. */
export interface Challenges<T> {
  /**
   * `challenge` in base64url. When too many are open, whoever has the most of them loses the oldest of those: `source` names
   * the one that asks, where a browser could call itself by any number of names.
   */
  open(challenge: string, pre: string, now: number, data: T, source?: string): void
  /** Spend it. Undefined when unknown, spent, too old, or of another browser. */
  take(challenge: string, pre: string, now: number): T | undefined
}

interface Waiting<T> {
  readonly browser: string
  readonly source: string
  readonly goodUntil: number
  readonly data: T
}

/** One table per purpose, so that an answer for one is none for another. */
export function challenges<T>(): Challenges<T> {
  /** A Map keeps the order of insertion, and all live equally long: what is too old stands first. */
  const waiting = new Map<string, Waiting<T>>()
  /** The same challenges by who asked, each in that order; nobody is here without one. */
  const sources = new Map<string, Set<string>>()

  function remove(challenge: string): Waiting<T> | undefined {
    const found = waiting.get(challenge)
    if (!found) return undefined
    waiting.delete(challenge)
    const others = sources.get(found.source)!
    others.delete(challenge)
    if (others.size === 0) sources.delete(found.source)
    return found
  }

  /** The oldest of whoever has the most; of equals, whoever has been here longest. */
  function surplus(): string {
    let most: Set<string> | undefined
    for (const own of sources.values()) if (own.size > (most?.size ?? 0)) most = own
    return most!.values().next().value!
  }

  return {
    open(challenge, pre, now, data, source) {
      const browser = sha256Hex(pre)
      const asker = source ?? browser
      remove(challenge)
      for (const [oldest, { goodUntil }] of waiting) {
        if (goodUntil > now) break
        remove(oldest)
      }
      if (waiting.size >= OPEN_AT_MOST) remove(surplus())
      waiting.set(challenge, { browser, source: asker, goodUntil: now + CHALLENGE_LIFE, data })
      const own = sources.get(asker)
      if (own) own.add(challenge)
      else sources.set(asker, new Set([challenge]))
    },
    take(challenge, pre, now) {
      const found = remove(challenge)
      return found && found.goodUntil > now && found.browser === sha256Hex(pre) ? found.data : undefined
    },
  }
}
