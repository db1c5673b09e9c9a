import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCheckpoint, writeCheckpoint } from './checkpoint.ts'

const ROOT = Buffer.alloc(32, 5)
const VALID = `example.com/behind-the-sofa\n20852163\n${ROOT.toString('base64')}\n`

test('a checkpoint has one text', () => {
  const checkpoint = { origin: 'example.com/behind-the-sofa', size: 20852163, root: ROOT }
  assert.equal(writeCheckpoint(checkpoint), VALID)
  assert.deepEqual(parseCheckpoint(VALID), { ok: true, value: checkpoint })
})

test('write then parse, for every size and root', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, root) => {
      const text = writeCheckpoint({ origin: 'a.example/ledger', size, root })
      const parsed = parseCheckpoint(text)
      assert.ok(parsed.ok)
      assert.equal(writeCheckpoint(parsed.value), text)
    }),
  )
})

test('never throws, and any changed byte is another checkpoint or none', () => {
  fc.assert(
    fc.property(
      fc.nat(VALID.length - 1),
      fc.integer({ min: 1, max: 127 }),
      fc.string(),
      (where, flip, other) => {
        const bytes = Buffer.from(VALID)
        bytes[where]! ^= flip
        for (const text of [bytes.toString('latin1'), other]) {
          const parsed = parseCheckpoint(text)
          if (parsed.ok) assert.equal(writeCheckpoint(parsed.value), text)
        }
      },
    ),
    { numRuns: 500 },
  )
})

for (const [name, text] of [
  ['no origin', `\n1\n${ROOT.toString('base64')}\n`],
  ['an origin with a space', VALID.replace('behind', 'be hind')],
  ['a size with a leading zero', VALID.replace('20852163', '020852163')],
  ['a size that no number holds', VALID.replace('20852163', '9007199254740993')],
  ['a signed size', VALID.replace('20852163', '+1')],
  ['a root of 31 bytes', `a\n1\n${Buffer.alloc(31).toString('base64')}\n`],
  ['a root with stray bits', VALID.replace('BQU=', 'BQV=')],
  ['an extension line', `${VALID}extra\n`],
  ['no final newline', VALID.slice(0, -1)],
  ['CRLF', VALID.replaceAll('\n', '\r\n')],
  ['nothing', ''],
] as const)
  test(`refused: ${name}`, () => assert.equal(parseCheckpoint(text).ok, false))
