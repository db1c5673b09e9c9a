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

/**
 * One bucket to a caller: whoever has one IPv6 address has the 2^64 of its network (RFC 4291 section 2.5.4, RFC 6177), and
 * an IPv4 address is the same caller when it comes in IPv6 clothes (RFC 4291 section 2.5.5.2).
 */
function bucketOf(key: string): string {
  const start = key.lastIndexOf(' ') + 1
  const address = key.slice(start)
  if (!address.includes(':')) return key
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)
  return key.slice(0, start) + (mapped ? mapped[1] : network64(address))
}

/** The first four groups, written in full. Text that is no IPv6 address ends in some bucket, too. */
function network64(address: string): string {
  const [head = '', tail = ''] = address.toLowerCase().split('::', 2)
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`
}
