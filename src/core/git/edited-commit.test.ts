import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blobId } from './blob-id.ts'
import { type CommitLook, editFault, type SignedEdit } from './edited-commit.ts'

const [TIP, OLD, NEW, OTHER] = ['1', '2', '3', '4'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
]
const file = (id: string, mode = '100644') => ({ id, mode })
const edit: SignedEdit = { tip: TIP, from: { path: 'a', id: OLD }, to: { path: 'a', id: NEW } }
const create: SignedEdit = { tip: TIP, from: null, to: { path: 'a', id: NEW } }
const remove: SignedEdit = { tip: TIP, from: { path: 'a', id: OLD }, to: null }
const move: SignedEdit = { tip: TIP, from: { path: 'a', id: OLD }, to: { path: 'b', id: NEW } }
const look = (...changes: CommitLook['changes']): CommitLook => ({ parents: [TIP], changes })
const edited = look({ path: 'a', before: file(OLD), after: file(NEW) })
const created = look({ path: 'a', before: null, after: file(NEW) })
const removed = look({ path: 'a', before: file(OLD), after: null })
const moved = look(
  { path: 'a', before: file(OLD, '100755'), after: null },
  { path: 'b', before: null, after: file(NEW, '100755') },
)

test('exactly what was signed', () => {
  const pairs: readonly (readonly [SignedEdit, CommitLook])[] = [
    [edit, edited],
    [create, created],
    [remove, removed],
    [move, moved],
  ]
  for (const [i, [signed]] of pairs.entries())
    for (const [j, [, seen]] of pairs.entries())
      assert.equal(editFault(signed, seen) === undefined, i === j, `${i} ${j}`)
})

for (const [name, signed, seen] of [
  ['another parent', edit, { ...edited, parents: [OTHER] }],
  ['two parents', edit, { ...edited, parents: [TIP, OTHER] }],
  ['no parent', edit, { ...edited, parents: [] }],
  ['nothing changed', edit, look()],
  ['a second file', edit, look(...edited.changes, { path: 'b', before: null, after: file(NEW) })],
  ['other content', edit, look({ path: 'a', before: file(OLD), after: file(OTHER) })],
  ['another file before', edit, look({ path: 'a', before: file(OTHER), after: file(NEW) })],
  ['another path', create, look({ path: 'c', before: null, after: file(NEW) })],
  ['over a file that was there', create, edited],
  ['a link in its place', create, look({ path: 'a', before: null, after: file(NEW, '120000') })],
  ['made executable', edit, look({ path: 'a', before: file(OLD), after: file(NEW, '100755') })],
  ['kept, not deleted', remove, edited],
  ['the old one stays', move, look({ path: 'b', before: null, after: file(NEW) })],
] as const)
  test(`not what was signed: ${name}`, () => assert.notEqual(editFault(signed, seen), undefined))

test('the id of a file is what git says', () => {
  assert.equal(blobId(Buffer.from('')), 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391')
  assert.equal(blobId(Buffer.from('hello\n')), 'ce013625030ba8dba906f756967f9e9ca394464a')
})
