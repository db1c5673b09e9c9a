import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseBundle } from '../../src/core/evidence/bundle.ts'
import { verifyBundle } from '../../src/core/evidence/verify-bundle.ts'
import { golden } from '../support/relog.ts'

const { text, trust } = golden()
const bytes = Buffer.from(text)

function trusted(file: Buffer): boolean {
  const parsed = parseBundle(file.toString('utf8'))
  return parsed.ok && verifyBundle(parsed.value, trust).verdict === 'trusted'
}

test('the golden bundle is trusted', () => assert.ok(trusted(bytes)))

test('one flipped bit in each byte of a bundle: never trusted', () => {
  const bits = fc.sample(fc.nat(7), { numRuns: bytes.length, seed: Date.now() })
  for (const [where, bit] of bits.entries()) {
    const changed = Buffer.from(bytes)
    changed[where]! ^= 1 << bit
    assert.ok(!trusted(changed), `bit ${bit} of byte ${where}`)
  }
})

test('bytes taken out, put in or repeated: never trusted', () => {
  const at = fc.nat(bytes.length - 1)
  fc.assert(
    fc.property(
      at,
      fc.integer({ min: 1, max: 40 }),
      fc.uint8Array({ maxLength: 40 }),
      (from, length, more) => {
        const changed = Buffer.concat([bytes.subarray(0, from), more, bytes.subarray(from + length)])
        assert.ok(changed.equals(bytes) || !trusted(changed))
      },
    ),
    { numRuns: 1000 },
  )
})
