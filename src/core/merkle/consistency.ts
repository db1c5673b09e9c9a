import { EMPTY_ROOT, type NodeAt, nodeHash, rangeHash, splitBelow } from './tree.ts'

/** Proof that the tree of `from` leaves is a prefix of the one of `to` leaves (RFC 6962 section 2.1.2). */
export function consistencyProof(from: number, to: number, at: NodeAt): Uint8Array[] {
  if (from < 0 || from > to) throw new RangeError('no such prefix')
  return from === 0 ? [] : subproof(from, 0, to, true, at)
}

/** SUBPROOF(m, D[begin:end], whole): `whole` while the verifier knows the hash of the whole range already. */
function subproof(m: number, begin: number, end: number, whole: boolean, at: NodeAt): Uint8Array[] {
  if (m === end - begin) return whole ? [] : [rangeHash(begin, end, at)]
  const split = splitBelow(end - begin)
  const middle = begin + split
  return m <= split
    ? [...subproof(m, begin, middle, whole, at), rangeHash(middle, end, at)]
    : [...subproof(m - split, middle, end, false, at), rangeHash(begin, middle, at)]
}

/** A tree head: how many leaves, and their root. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/** Whether `proof` shows that `to` continues `from` (RFC 9162 section 2.1.4.2). */
export function isConsistent(from: TreeHead, to: TreeHead, proof: readonly Uint8Array[]): boolean {
  const sizes = [from.size, to.size]
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0) || from.size > to.size) return false
  if (from.size === to.size) return proof.length === 0 && same(from.root, to.root)
  if (from.size === 0) return proof.length === 0 && same(from.root, EMPTY_ROOT)
  // A complete first tree is its own first node, and not sent.
  const path = Number.isInteger(Math.log2(from.size)) ? [from.root, ...proof] : proof
  let [fn, sn] = [from.size - 1, to.size - 1]
  while (fn % 2 === 1) [fn, sn] = up(fn, sn)
  let [first, second] = [path[0], path[0]]
  if (!first || !second || path.some(({ length }) => length !== 32)) return false
  for (const hash of path.slice(1)) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      first = nodeHash(hash, first)
      second = nodeHash(hash, second)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = up(fn, sn)
    } else second = nodeHash(second, hash)
    ;[fn, sn] = up(fn, sn)
  }
  return sn === 0 && same(first, from.root) && same(second, to.root)
}

function up(fn: number, sn: number): [number, number] {
  return [Math.floor(fn / 2), Math.floor(sn / 2)]
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b)
}
