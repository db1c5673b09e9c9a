import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type CommitLook,
  type CommitPlan,
  cleanMessage,
  cleanPerson,
  type Difference,
  parsePerson,
  planFault,
  writeCommit,
  writePerson,
} from './commit-plan.ts'

const [TIP, OLD, NEW, OTHER] = ['1', '2', '3', '4'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
]
const file = (id: string, mode = '100644') => ({ id, mode })
const put = (path: string, id: string, mode = '100644') => ({ path, id, mode, content: Buffer.alloc(0) })
const plan = (puts: CommitPlan['puts'], ...removes: string[]): CommitPlan => ({
  parent: TIP,
  removes,
  puts,
  person: { name: 'Alice', email: 'alice@example.com' },
  time: 1_764_000_000_000,
  message: 'Say\n\nso',
})
const look = (...changes: Difference[]): CommitLook => ({ parents: [TIP], changes })

describe('a commit that was made is the plan', () => {
  const pairs: readonly (readonly [CommitPlan, CommitLook])[] = [
    [plan([put('a', NEW)]), look({ path: 'a', before: file(OLD), after: file(NEW) })],
    [plan([], 'a'), look({ path: 'a', before: file(OLD), after: null })],
    [
      plan([put('b', NEW, '100755')], 'a'),
      look(
        { path: 'a', before: file(OLD, '100755'), after: null },
        { path: 'b', before: null, after: file(NEW, '100755') },
      ),
    ],
  ]
  test('and no other', () => {
    for (const [i, [wanted]] of pairs.entries())
      for (const [j, [, seen]] of pairs.entries())
        assert.equal(planFault(wanted, seen) === undefined, i === j, `${i} ${j}`)
  })
  const [edit, edited] = pairs[0]!
  for (const [name, wanted, seen] of [
    ['another parent', edit, { ...edited, parents: [OTHER] }],
    ['two parents', edit, { ...edited, parents: [TIP, OTHER] }],
    ['no parent', edit, { ...edited, parents: [] }],
    ['a parent where none was planned', { ...edit, parent: null }, edited],
    ['nothing differs', edit, look()],
    ['another path', edit, look({ path: 'b', before: file(OLD), after: file(NEW) })],
    ['more', edit, look(...edited.changes, { path: 'b', before: null, after: file(NEW) })],
    ['other content', edit, look({ path: 'a', before: file(OLD), after: file(OTHER) })],
    ['another mode', edit, look({ path: 'a', before: file(OLD), after: file(NEW, '120000') })],
    ['gone instead', edit, look({ path: 'a', before: file(OLD), after: null })],
    ['a path twice', plan([put('a', NEW)], 'a'), edited],
  ] as const)
    test(`not: ${name}`, () => assert.notEqual(planFault(wanted, seen), undefined))
})

test('the text of a commit', () => {
  const { parent: _, ...rest } = plan([])
  const who = 'Alice <alice@example.com> 1764000000 +0000'
  assert.equal(
    writeCommit(OLD, plan([])),
    `tree ${OLD}\nparent ${TIP}\nauthor ${who}\ncommitter ${who}\n\nSay\n\nso\n`,
  )
  assert.equal(
    writeCommit(OLD, { ...rest, parent: null }),
    `tree ${OLD}\nauthor ${who}\ncommitter ${who}\n\nSay\n\nso\n`,
  )
})

test('a person as git names them, and back', () => {
  for (const [name, email, wanted] of [
    ['Alice', 'a@b', 'Alice <a@b>'],
    [' "Alice" ', '<a@b>', 'Alice <a@b>'],
    ['Älice <root>\nauthor Eve', 'a@b>\nx', 'Älice rootauthor Eve <a@bx>'],
    ['Doe, Jr.', '', 'Doe, Jr. <>'],
  ] as const) {
    const person = cleanPerson({ name, email })
    assert.ok(person)
    assert.equal(writePerson(person), wanted)
    assert.deepEqual(parsePerson(wanted), person)
  }
  assert.equal(cleanPerson({ name: ' <>\n', email: 'a@b' }), undefined)
  for (const text of ['', 'Alice', 'Alice <a@b', 'Alice <a@b> ', '<a@b>', 'A <b> <c>', 'A\nb <c>'])
    assert.equal(parsePerson(text), undefined, text)
})

test('a message as git keeps it', () => {
  for (const [text, wanted] of [
    ['Add', 'Add'],
    ['\n\n  Add \t\r\n\n\n\nwhy\r\n \n', '  Add\n\nwhy'],
    ['a\nb\n\nc\n\n\n', 'a\nb\n\nc'],
    ['', ''],
    [' \n\t\n', ''],
    ['# no comment', '# no comment'],
  ] as const)
    assert.equal(cleanMessage(text), wanted, JSON.stringify(text))
})
