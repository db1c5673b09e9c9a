/** Counts failures by key: a caller may try while its bucket holds a token, and only failures take one. */
export interface RateLimit {
  mayTry(key: string, now: number): boolean
  failed(key: string, now: number): void
}

const KEYS_AT_MOST = 100_000

/** `burst` failures at once, then one every `refillMs`. Bounded: the key that was touched longest ago is forgotten first. */
export function rateLimit({
  burst,
  refillMs,
}: {
  readonly burst: number
  readonly refillMs: number
}): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>()
  function bucket(key: string, now: number): { tokens: number; at: number } {
    const found = buckets.get(key)
    const tokens = found ? Math.min(burst, found.tokens + (now - found.at) / refillMs) : burst
    return { tokens, at: now }
  }
  return {
    mayTry: (key, now) => bucket(key, now).tokens >= 1,
    failed(key, now) {
      const { tokens } = bucket(key, now)
      buckets.delete(key)
      if (buckets.size >= KEYS_AT_MOST) buckets.delete(buckets.keys().next().value!)
      buckets.set(key, { tokens: Math.max(0, tokens - 1), at: now })
    },
  }
}
