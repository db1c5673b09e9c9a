import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  EMPTY_ROOT,
  inclusionProof,
  leafHash,
  type NodeAt,
  nodeHash,
  nodesOf,
  rootFromInclusion,
  rootHash,
  rootNodes,
} from './tree.ts'

/** RFC 6962 section 2.1 word by word, for comparison. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return EMPTY_ROOT
  if (leaves.length === 1) return leaves[0]!
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

function build(count: number): { leaves: Buffer[]; at: NodeAt; asked: Set<string> } {
  const nodes = new Map<string, Uint8Array>()
  const asked = new Set<string>()
  const at: NodeAt = (level, index) => {
    asked.add(`${level}/${index}`)
    const hash = nodes.get(`${level}/${index}`)
    if (!hash) throw new Error(`node ${level}/${index} does not exist`)
    return hash
  }
  const leaves = Array.from({ length: count }, (_, i) => leafHash(Buffer.from(`entry ${i}`)))
  leaves.forEach((leaf, i) => {
    for (const node of nodesOf(i, leaf, at)) nodes.set(`${node.level}/${node.index}`, node.hash)
  })
  return { leaves, at, asked }
}

test('RFC 6962 known values: the empty tree and a single empty leaf', () => {
  assert.equal(EMPTY_ROOT.toString('hex'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  assert.equal(
    leafHash(Buffer.alloc(0)).toString('hex'),
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  )
})

test('every size up to 130: root, needed nodes, and every inclusion proof', () => {
  for (let size = 0; size <= 130; size++) {
    const { leaves, at, asked } = build(size)
    const root = naiveRoot(leaves)
    asked.clear()
    assert.deepEqual(Buffer.from(rootHash(size, at)), Buffer.from(root))
    assert.deepEqual(
      [...asked].sort(),
      rootNodes(size)
        .map(({ level, index }) => `${level}/${index}`)
        .filter(() => size > 0)
        .sort(),
    )
    for (let i = 0; i < size; i++) {
      assert.deepEqual(
        Buffer.from(rootFromInclusion(i, size, leaves[i]!, inclusionProof(i, size, at))!),
        Buffer.from(root),
      )
    }
  }
})

test('a proof holds for its leaf, index and size only', () => {
  const { leaves, at } = build(100)
  const root = Buffer.from(rootHash(100, at))
  fc.assert(
    fc.property(fc.nat(99), fc.nat(99), fc.nat(), fc.nat(255), (i, j, where, flip) => {
      const proof = inclusionProof(i, 100, at).map((hash) => Buffer.from(hash))
      if (i !== j)
        assert.notDeepEqual(
          rootFromInclusion(j, 100, leaves[i]!, proof) &&
            Buffer.from(rootFromInclusion(j, 100, leaves[i]!, proof)!),
          root,
        )
      assert.equal(
        rootFromInclusion(i, 100, leaves[i]!, proof.slice(1))?.toString() === root.toString(),
        false,
      )
      assert.equal(
        rootFromInclusion(i, 100, leaves[i]!, [...proof, root])?.toString() === root.toString(),
        false,
      )
      const at32 = where % (proof.length * 32)
      proof[Math.floor(at32 / 32)]![at32 % 32]! ^= flip || 1
      assert.notDeepEqual(Buffer.from(rootFromInclusion(i, 100, leaves[i]!, proof)!), root)
    }),
  )
})
