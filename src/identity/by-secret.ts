/** Things that a secret opens, found by their id or by the sha256 of the secret, which alone is kept. */
export interface BySecret<T extends { readonly id: string }> {
  get(id: T['id']): T | undefined
  find(secretHash: string): T | undefined
  put(thing: T, secretHash: string): void
  /** Exchange what is known of a thing; its secret stays. Nothing happens when it has gone. */
  replace(thing: T): void
  /** Forget it. True when it was there. */
  drop(id: T['id']): boolean
  all(): T[]
  takeOver(other: BySecret<T>): void
  /** Each thing with its hash. */
  entries(): Iterable<readonly [thing: T, secretHash: string]>
}

export function bySecret<T extends { readonly id: string }>(): BySecret<T> {
  const byId = new Map<T['id'], { thing: T; hash: string }>()
  const byHash = new Map<string, { thing: T; hash: string }>()
  function put(thing: T, hash: string): void {
    const kept = { thing, hash }
    byId.set(thing.id, kept)
    byHash.set(hash, kept)
  }
  return {
    get: (id) => byId.get(id)?.thing,
    find: (hash) => byHash.get(hash)?.thing,
    put,
    replace(thing) {
      const kept = byId.get(thing.id)
      if (kept) kept.thing = thing
    },
    drop(id) {
      const kept = byId.get(id)
      if (!kept) return false
      byHash.delete(kept.hash)
      return byId.delete(id)
    },
    all: () => [...byId.values()].map(({ thing }) => thing),
    takeOver(other) {
      byId.clear()
      byHash.clear()
      for (const [thing, hash] of other.entries()) put(thing, hash)
    },
    *entries() {
      for (const { thing, hash } of byId.values()) yield [thing, hash] as const
    },
  }
}
