import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { commitment, commitsTo, MAX_ENTRY, parseEntry, SALT_BYTES, writeEntry } from './entry.ts'

const COMMIT = 'ab'.repeat(32)
const TIME = Date.parse('2026-11-24T07:00:00.123Z')
const VALID = `{"commit":"${COMMIT}","time":"2026-11-24T07:00:00.123Z","type":"device.enrol","v":1}`

test('an entry has one text', () => {
  assert.equal(writeEntry({ type: 'device.enrol', time: TIME, commit: COMMIT }).toString(), VALID)
  assert.deepEqual(parseEntry(Buffer.from(VALID)), {
    ok: true,
    value: { type: 'device.enrol', time: TIME, commit: COMMIT },
  })
})

test('whatever parses is written back the same; any changed byte is another entry or none', () => {
  fc.assert(
    fc.property(fc.nat(VALID.length - 1), fc.integer({ min: 1, max: 255 }), (where, flip) => {
      const bytes = Buffer.from(VALID)
      bytes[where]! ^= flip
      const parsed = parseEntry(bytes)
      if (!parsed.ok) return
      assert.ok(writeEntry(parsed.value).equals(bytes))
      assert.notDeepEqual(parsed.value, { type: 'device.enrol', time: TIME, commit: COMMIT })
    }),
    { numRuns: 1000 },
  )
})

test('parsing never throws', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof parseEntry(bytes).ok === 'boolean'))
})

for (const [name, text] of [
  ['another version', VALID.replace('"v":1', '"v":2')],
  ['an unknown member', VALID.replace('"v":1', '"v":1,"x":1')],
  ['a missing member', VALID.replace(',"v":1', '')],
  ['a member twice', VALID.replace('"v":1', '"v":1,"v":1')],
  ['white space', ` ${VALID}`],
  ['a final newline', `${VALID}\n`],
  ['an upper-case digest', VALID.replace(COMMIT, COMMIT.toUpperCase())],
  ['a short digest', VALID.replace(COMMIT, 'ab')],
  ['time without milliseconds', VALID.replace('.123Z', 'Z')],
  ['time with an offset', VALID.replace('.123Z', '.123+00:00')],
  ['a day that does not exist', VALID.replace('11-24', '02-30')],
  ['a type that is no word', VALID.replace('device.enrol', 'Device Enrol')],
  ['an array', `[${VALID}]`],
  ['null', 'null'],
  ['nothing', ''],
  ['more than a tile entry holds', VALID.replace('device.enrol', 'a'.repeat(MAX_ENTRY))],
] as const)
  test(`refused: ${name}`, () => assert.equal(parseEntry(Buffer.from(text)).ok, false))

test('a commitment is to one salt and one payload', () => {
  const salt = Buffer.alloc(SALT_BYTES, 7)
  const payload = Buffer.from('{"n":1}')
  const entry = { type: 'x', time: TIME, commit: commitment(salt, payload) }
  assert.ok(commitsTo(entry, salt, payload))
  assert.equal(commitsTo(entry, salt, Buffer.from('{"n":2}')), false)
  assert.equal(commitsTo(entry, Buffer.alloc(SALT_BYTES, 8), payload), false)
})

test('the border between salt and payload cannot be moved', () => {
  const salt = Buffer.alloc(SALT_BYTES, 7)
  const entry = { type: 'x', time: TIME, commit: commitment(salt, Buffer.from('ab')) }
  assert.equal(commitsTo(entry, Buffer.concat([salt, Buffer.from('a')]), Buffer.from('b')), false)
  assert.equal(
    commitsTo(entry, salt.subarray(1), Buffer.concat([salt.subarray(0, 1), Buffer.from('ab')])),
    false,
  )
})
