import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { golden, type Loose } from '../../../test/support/relog.ts'
import { parseBundle, writeBundle } from './bundle.ts'

const { text, bundle } = golden()
/** The golden file with something edited, in the same spelling. */
function edited(edit: (file: Loose) => unknown): string {
  const file = JSON.parse(text) as Loose
  edit(file)
  return `${JSON.stringify(file, null, 1)}\n`
}

test('a bundle has one text', () => {
  assert.equal(
    edited(() => {}),
    text,
  )
  assert.equal(writeBundle(bundle), text)
  assert.deepEqual(parseBundle(text), { ok: true, value: bundle })
})

test('an erased payload is written as null', () => {
  const erased = {
    ...bundle,
    entries: bundle.entries.map((entry) => ({ ...entry, payload: null, salt: null })),
  }
  assert.deepEqual(parseBundle(writeBundle(erased)), { ok: true, value: erased })
})

test('never throws, and accepts only what it would write', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string(), fc.nat(text.length)), (input) => {
      const file = typeof input === 'number' ? text.slice(0, input) : input
      const parsed = parseBundle(file)
      if (parsed.ok) assert.equal(writeBundle(parsed.value), file)
    }),
  )
})

const FAULTS: readonly [string, string][] = [
  ['nothing', ''],
  ['no JSON', text.slice(1)],
  ['a list', '[]'],
  ['null', 'null'],
  ['white space behind', `${text}\n`],
  ['another indent', `${JSON.stringify(JSON.parse(text), null, 2)}\n`],
  ['an escape that is not needed', text.replace('"vkey"', '"vke\\u0079"')],
  ['a member twice', text.replace('"subject"', '"subject": 1,\n "subject"')],
  ['a later version', edited((file) => Object.assign(file, { 'countersign-bundle': 2 }))],
  ['an unknown member', edited((file) => Object.assign(file, { more: 1 }))],
  ['a missing member', edited((file) => delete file.vkey)],
  ['a negative subject', edited((file) => Object.assign(file, { subject: -1 }))],
  ['a subject that is text', edited((file) => Object.assign(file, { subject: '1' }))],
  ['entries out of order', edited((file) => file.entries.reverse())],
  ['an entry twice', edited((file) => file.entries.push(file.entries.at(-1)))],
  ['an unknown member of an entry', edited((file) => Object.assign(file.entries[0], { more: 1 }))],
  ['an entry that is no base64', edited((file) => Object.assign(file.entries[0], { entry: '*' }))],
  ['base64 with stray bits', edited((file) => Object.assign(file.entries[0], { salt: 'AB==' }))],
  ['a payload without its salt', edited((file) => Object.assign(file.entries[0], { salt: null }))],
  ['a hash of 31 bytes', edited((file) => (file.entries[0].proof[0] = Buffer.alloc(31).toString('base64')))],
  [
    '65 hashes',
    edited((file) => Object.assign(file.entries[0], { proof: Array(65).fill(file.entries[0].proof[0]) })),
  ],
  ['1001 entries', edited((file) => Object.assign(file, { entries: Array(1001).fill(file.entries[0]) }))],
  ['a prototype', edited((file) => Object.defineProperty(file, '__proto__', { value: 1, enumerable: true }))],
]
for (const [name, file] of FAULTS) test(`refused: ${name}`, () => assert.equal(parseBundle(file).ok, false))

test('refused: a file beyond any bundle', () => {
  assert.deepEqual(parseBundle(' '.repeat((32 << 20) + 1)), {
    ok: false,
    error: 'the file is larger than 32 MiB',
  })
})
