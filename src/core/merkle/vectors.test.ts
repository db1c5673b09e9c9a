import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { consistencyProof, isConsistent } from './consistency.ts'
import { inclusionProof, leafHash, type NodeAt, nodesOf, rootFromInclusion, rootHash } from './tree.ts'

interface Vectors {
  readonly entries: readonly string[]
  readonly roots: readonly { readonly size: number; readonly root: string }[]
  readonly inclusion: readonly { readonly index: number; readonly size: number; readonly proof: string[] }[]
  readonly consistency: readonly { readonly from: number; readonly to: number; readonly proof: string[] }[]
}

const file = join(import.meta.dirname, '..', '..', '..', 'vectors', 'merkle', 'tree.json')
const { entries, roots, inclusion, consistency } = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const leaves = entries.map((entry) => leafHash(Buffer.from(entry, 'hex')))
const nodes = new Map<string, Uint8Array>()
const at: NodeAt = (level, index) => nodes.get(`${level}/${index}`)!
for (const [i, leaf] of leaves.entries())
  for (const { level, index, hash } of nodesOf(i, leaf, at)) nodes.set(`${level}/${index}`, hash)
const base64 = (hash: Uint8Array): string => Buffer.from(hash).toString('base64')
const bytes = (hashes: readonly string[]): Buffer[] => hashes.map((hash) => Buffer.from(hash, 'base64'))
const root = (size: number): Buffer => Buffer.from(roots[size]!.root, 'base64')

test('the roots are those of another implementation', () => {
  assert.equal(roots.length, 41)
  for (const { size, root: expected } of roots) assert.equal(base64(rootHash(size, at)), expected, `${size}`)
})

test('the inclusion proofs are those of another implementation, and hold', () => {
  assert.ok(inclusion.length > 100)
  for (const { index, size, proof } of inclusion) {
    assert.deepEqual(inclusionProof(index, size, at).map(base64), proof, `${index} of ${size}`)
    assert.equal(base64(rootFromInclusion(index, size, leaves[index]!, bytes(proof))!), roots[size]!.root)
  }
})

test('the consistency proofs are those of another implementation, and hold', () => {
  assert.ok(consistency.length > 100)
  for (const { from, to, proof } of consistency) {
    assert.deepEqual(consistencyProof(from, to, at).map(base64), proof, `${from} of ${to}`)
    assert.ok(isConsistent({ size: from, root: root(from) }, { size: to, root: root(to) }, bytes(proof)))
  }
})
