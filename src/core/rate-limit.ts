import { clientNetwork } from './client-network.ts'

/** Counts failures by key: a caller may try while its bucket holds a token, and only failures take one. */
export interface RateLimit {
  /** `key` is a word, a space and a network address, or any other text. `now` is ms of a clock. */
  mayTry(key: string, now: number): boolean
  failed(key: string, now: number): void
}

const KEYS_AT_MOST = 100_000

/** `burst` failures at once, then one every `refillMs`. Bounded: the key that failed longest ago is forgotten first. */
export function rateLimit({
  burst,
  refillMs,
}: {
  readonly burst: number
  readonly refillMs: number
}): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>()
  function tokens(bucket: string, now: number): number {
    const found = buckets.get(bucket)
    // A clock that was set back refills nothing, and takes nothing.
    return found ? Math.min(burst, found.tokens + Math.max(0, now - found.at) / refillMs) : burst
  }
  return {
    mayTry: (key, now) => tokens(bucketOf(key), now) >= 1,
    failed(key, now) {
      const bucket = bucketOf(key)
      const left = Math.max(0, tokens(bucket, now) - 1)
      buckets.delete(bucket)
      if (buckets.size >= KEYS_AT_MOST) buckets.delete(buckets.keys().next().value!)
      buckets.set(bucket, { tokens: left, at: now })
    },
  }
}

/** One bucket to a word and a caller. */
function bucketOf(key: string): string {
  const start = key.lastIndexOf(' ') + 1
  return key.slice(0, start) + clientNetwork(key.slice(start))
}
