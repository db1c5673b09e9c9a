import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { consistencyProof, isConsistent, type TreeHead } from './consistency.ts'
import { EMPTY_ROOT, leafHash, type NodeAt, nodesOf, rootHash } from './tree.ts'

const SIZE = 70
const nodes = new Map<string, Uint8Array>()
const at: NodeAt = (level, index) => {
  const hash = nodes.get(`${level}/${index}`)
  if (!hash) throw new Error(`node ${level}/${index} does not exist`)
  return hash
}
for (let i = 0; i < SIZE; i++)
  for (const node of nodesOf(i, leafHash(Buffer.from(`entry ${i}`)), at))
    nodes.set(`${node.level}/${node.index}`, node.hash)
const head = (size: number): TreeHead => ({ size, root: rootHash(size, at) })

test('every prefix of every tree is shown to be one', () => {
  for (let to = 0; to <= SIZE; to++)
    for (let from = 0; from <= to; from++)
      assert.ok(isConsistent(head(from), head(to), consistencyProof(from, to, at)), `${from} of ${to}`)
})

test('RFC 6962 section 2.1.3: the lengths of its own examples over seven leaves', () => {
  assert.deepEqual(
    [3, 4, 6].map((from) => consistencyProof(from, 7, at).length),
    [4, 1, 3],
  )
})

test('a proof holds for its two trees only', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: SIZE }), fc.integer({ min: 1, max: SIZE }))
  fc.assert(
    fc.property(sizes, fc.nat(), fc.integer({ min: 1, max: 255 }), ([a, b], where, flip) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)]
      const proof = consistencyProof(from, to, at).map((hash) => Buffer.from(hash))
      const wrong = { size: from, root: Buffer.from(head(from).root) }
      wrong.root[where % 32]! ^= flip
      assert.equal(isConsistent(wrong, head(to), proof), false)
      const other = { size: to, root: Buffer.from(head(to).root) }
      other.root[where % 32]! ^= flip
      assert.equal(isConsistent(head(from), other, proof), false)
      assert.equal(isConsistent(head(from), head(to), [...proof, Buffer.alloc(32)]), false)
      if (proof.length === 0) return
      assert.equal(isConsistent(head(from), head(to), proof.slice(1)), false)
      proof[where % proof.length]![where % 32]! ^= flip
      assert.equal(isConsistent(head(from), head(to), proof), false)
    }),
  )
})

test('refused: a tree that shrank, sizes that are none, hashes that are none', () => {
  assert.equal(isConsistent(head(5), head(4), []), false)
  assert.equal(isConsistent({ size: -1, root: EMPTY_ROOT }, head(4), []), false)
  assert.equal(isConsistent({ size: 1.5, root: EMPTY_ROOT }, head(4), []), false)
  assert.equal(isConsistent({ size: 0, root: Buffer.alloc(32) }, head(4), []), false)
  assert.equal(isConsistent(head(3), head(7), [Buffer.alloc(31)]), false)
  assert.throws(() => consistencyProof(5, 4, at), RangeError)
})
