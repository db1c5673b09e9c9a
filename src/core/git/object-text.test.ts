import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { PARENTS_KEPT, parseCommit } from './commit-object.ts'
import { parseTag } from './tag-object.ts'

const A = '1'.repeat(40)
const B = '2'.repeat(64)
const commit = (text: string | Buffer, more = false) => parseCommit(A, Buffer.from(text), more)
const nobody = { name: '', email: '', time: 0 }

describe('a commit', () => {
  test('as git writes it', () => {
    const text = `tree ${A}\nparent ${A}\nparent ${B}\nauthor A B <a@b> 1700000000 +0100\ncommitter C <c@d> 7 -0500\ngpgsig -----BEGIN\n author not <me@x> 1 +0000\n\n -----END\n\nsubject\n\nbody\n\n`
    assert.deepEqual(commit(text.replace('\n\n -', '\n -')), {
      id: A,
      parents: [A, B],
      author: { name: 'A B', email: 'a@b', time: 1_700_000_000 },
      committer: { name: 'C', email: 'c@d', time: 7 },
      message: 'subject\n\nbody',
      messageCut: false,
    })
  })
  test('of two authors the first counts, in the message none', () => {
    const { author, message } = commit(
      'author A <a@b> 1 +0\nauthor E <e@e> 2 +0\ncommitter C <c> 1 +0\n\nauthor X <x> 1 +0',
    )
    assert.equal(author.name, 'A')
    assert.equal(message, 'author X <x> 1 +0')
  })
  test('a parent behind the author is none', () => {
    assert.deepEqual(commit(`author A <a@b> 1 +0\nparent ${A}\n\n`).parents, [])
  })
  test('whatever it is, something comes out', () => {
    for (const text of [
      '',
      '\n',
      'x',
      'author',
      'author \n',
      'author x\n',
      'tree\n\n',
      ' \n \n',
      `parent ${'z'.repeat(40)}\n`,
    ])
      assert.deepEqual(commit(text).parents, [], JSON.stringify(text))
    assert.deepEqual(commit('author <> x\ncommitter > < 1\n').author, nobody)
    assert.deepEqual(commit('author N <e 5 +0\n').author, { name: 'N', email: 'e 5 +0', time: 0 })
    assert.deepEqual(commit('author N <e> -5 +0\n').author, { name: 'N', email: 'e', time: 0 })
    assert.deepEqual(commit('author N <a> <b> 5 +0\n').author, { name: 'N', email: 'a', time: 5 })
  })
  test('only so many parents, so long a name, so long a message, whole characters', () => {
    const { parents } = commit(`parent ${A}\n`.repeat(1000))
    assert.equal(parents.length, PARENTS_KEPT)
    assert.equal(commit(`author ${'n'.repeat(10_000)} <e> 1 +0\n`).author.name.length, 256)
    const long = commit(`\n${'x'.repeat(4095)}\u{1f600}more`)
    assert.equal(long.message, 'x'.repeat(4095))
    assert.ok(long.messageCut)
    assert.equal(commit(`\n${'x'.repeat(4096)}`).messageCut, false)
    assert.equal(commit(`\n${'\u00e4'.repeat(4097)}`).message.length, 4096)
    assert.ok(commit('\nshort', true).messageCut)
  })
  test('bytes that are no UTF-8 are replaced, controls stay for the page to mark', () => {
    const { author, message } = commit(Buffer.from('author \xff.\x1b <e> 1 +0\n\n\xe4\0\r\n', 'latin1'))
    assert.equal(author.name, '\ufffd.\x1b')
    assert.equal(message, '\ufffd\0\r')
  })
  test('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void commit(Buffer.from(bytes))))
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('author ', 'parent ', A, '<', '>', ' ', '\n', '9', '\xff')),
        (parts) => {
          const { author, message } = commit(Buffer.from(parts.join(''), 'latin1'))
          assert.ok(Number.isSafeInteger(author.time) && message.length <= 4096)
        },
      ),
    )
  })
})

describe('an annotated tag', () => {
  test('as git writes it, and without a tagger as it once did', () => {
    assert.deepEqual(
      parseTag(Buffer.from(`object ${A}\ntype commit\ntag v1\ntagger T <t@u> 5 +0000\n\nnotes\n`), false),
      {
        name: 'v1',
        target: A,
        tagger: { name: 'T', email: 't@u', time: 5 },
        message: 'notes',
        messageCut: false,
      },
    )
    assert.equal(parseTag(Buffer.from(`object ${A}\ntype commit\ntag v1\n\n`), false).tagger, null)
  })
  test('what is no id is none', () => {
    assert.equal(parseTag(Buffer.from('object javascript:alert(1)\n'), false).target, '')
    assert.equal(parseTag(Buffer.from(`object ${'1'.repeat(41)}\n`), false).target, '')
  })
  test('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void parseTag(Buffer.from(bytes), true)),
    )
  })
})
