import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeFault } from './merged-commit.ts'

const [base, head, tree, other] = ['1', '2', '3', '4'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
]
const signed = { base, head, tree }

test('a merge of the two signed commits with the signed tree is the one that was signed', () => {
  assert.equal(mergeFault(signed, { parents: [base, head], tree }), undefined)
})

test('nothing else is', () => {
  for (const [made, why] of [
    [{ parents: [base], tree }, /no merge/],
    [{ parents: [], tree }, /no merge/],
    [{ parents: [base, head, other], tree }, /no merge/],
    [{ parents: [head, base], tree }, /does not follow/],
    [{ parents: [other, head], tree }, /does not follow/],
    [{ parents: [base, other], tree }, /another commit/],
    [{ parents: [base, base], tree }, /another commit/],
    [{ parents: [base, head], tree: other }, /other files/],
  ] as const)
    assert.match(mergeFault(signed, made) ?? '', why)
})
