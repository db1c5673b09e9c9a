import { sha256 } from '../crypto.ts'

// RFC 6962 section 2.1. Leaves hash as H(0x00 || entry), nodes as H(0x01 || left || right); a tree of n leaves splits at
// the largest power of two below n.

const LEAF = Buffer.from([0])
const NODE = Buffer.from([1])

export function leafHash(entry: Uint8Array): Buffer {
  return sha256(LEAF, entry)
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(NODE, left, right)
}

export const EMPTY_ROOT: Buffer = sha256('')

/** The hash of a complete subtree: `level` 0 are the leaves, and `index` counts subtrees of that level from the left. */
export type NodeAt = (level: number, index: number) => Uint8Array

/** Complete subtrees that become whole when the leaf at `index` is added, from the leaf up. */
export function nodesOf(
  index: number,
  leaf: Uint8Array,
  at: NodeAt,
): { level: number; index: number; hash: Uint8Array }[] {
  const added = [{ level: 0, index, hash: leaf }]
  for (let level = 0, i = index; i % 2 === 1; level++, i = Math.floor(i / 2)) {
    added.push({
      level: level + 1,
      index: Math.floor(i / 2),
      hash: nodeHash(at(level, i - 1), added[level]!.hash),
    })
  }
  return added
}

/** Hash of the leaves in [begin, end) from complete subtrees. `begin` is a multiple of the range's own power of two. */
export function rangeHash(begin: number, end: number, at: NodeAt): Uint8Array {
  const size = end - begin
  const level = Math.log2(size)
  if (Number.isInteger(level)) return at(level, begin / size)
  const split = splitBelow(size)
  return nodeHash(rangeHash(begin, begin + split, at), rangeHash(begin + split, end, at))
}

/** The largest power of two below `size`, which is at least 2. */
export function splitBelow(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** The root over the first `size` leaves. */
export function rootHash(size: number, at: NodeAt): Uint8Array {
  return size === 0 ? EMPTY_ROOT : rangeHash(0, size, at)
}

/** Which complete subtrees {@link rootHash} asks for, so that a store can fetch just these. */
export function rootNodes(size: number): { level: number; index: number }[] {
  const needed: { level: number; index: number }[] = []
  let begin = 0
  for (let level = Math.floor(Math.log2(Math.max(size, 1))); level >= 0; level--) {
    const width = 2 ** level
    if (begin + width <= size) {
      needed.push({ level, index: begin / width })
      begin += width
    }
  }
  return needed
}

/** Inclusion proof for leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1), from the leaf up. */
export function inclusionProof(index: number, size: number, at: NodeAt): Uint8Array[] {
  if (index < 0 || index >= size) throw new RangeError('no such leaf')
  const proof: Uint8Array[] = []
  let [begin, end] = [0, size]
  const path: [number, number][] = []
  while (end - begin > 1) {
    const split = begin + splitBelow(end - begin)
    if (index < split) {
      path.push([split, end])
      end = split
    } else {
      path.push([begin, split])
      begin = split
    }
  }
  for (const [from, to] of path.reverse()) proof.push(rangeHash(from, to, at))
  return proof
}

/** The root that an inclusion proof leads to, or undefined when its length does not fit (RFC 9162 section 2.1.3.2). */
export function rootFromInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size)
    return undefined
  let [fn, sn] = [index, size - 1]
  let hash = leaf
  for (const sibling of proof) {
    if (sibling.length !== 32 || sn === 0) return undefined
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
    } else hash = nodeHash(hash, sibling)
    ;[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  }
  return sn === 0 ? hash : undefined
}
