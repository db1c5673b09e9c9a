import { sha256Hex } from '../core/crypto.ts'

/** WebAuthn section 15.1: a ceremony may take minutes, since a person is part of it. */
export const CHALLENGE_LIFE = 5 * 60_000
const OPEN_AT_MOST = 10_000

/** Challenges that wait for their answer: one browser, one purpose, one use. */
export interface Challenges<T> {
  /** `challenge` in base64url. The oldest is forgotten when too many are open. */
  open(challenge: string, pre: string, now: number, data: T): void
  /** Spend it. Undefined when unknown, spent, too old, or of another browser. */
  take(challenge: string, pre: string, now: number): T | undefined
}

/** One table per purpose, so that an answer for one is none for another. */
export function challenges<T>(): Challenges<T> {
  const waiting = new Map<string, { browser: string; goodUntil: number; data: T }>()
  return {
    open(challenge, pre, now, data) {
      // A Map keeps the order of insertion, and all live equally long: what is too old stands first.
      for (const [oldest, { goodUntil }] of waiting) {
        if (goodUntil > now && waiting.size < OPEN_AT_MOST) break
        waiting.delete(oldest)
      }
      waiting.delete(challenge)
      waiting.set(challenge, { browser: sha256Hex(pre), goodUntil: now + CHALLENGE_LIFE, data })
    },
    take(challenge, pre, now) {
      const found = waiting.get(challenge)
      waiting.delete(challenge)
      return found && found.goodUntil > now && found.browser === sha256Hex(pre) ? found.data : undefined
    },
  }
}
