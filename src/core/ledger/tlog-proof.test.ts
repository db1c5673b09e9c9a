import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseTlogProof, writeTlogProof } from './tlog-proof.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const H1 = Buffer.alloc(32, 1).toString('base64')
const NOTE = 'a.example/log\n2\nAAAA\n\n— a.example/log AAAAAA==\n'

test('written as tlog-proof v1 has it', () => {
  const proof = { index: 5, hashes: [Buffer.alloc(32, 1)], checkpoint: NOTE }
  assert.equal(writeTlogProof(proof), `c2sp.org/tlog-proof@v1\nindex 5\n${H1}\n\n${NOTE}`)
  assert.equal(writeTlogProof({ ...proof, hashes: [] }), `c2sp.org/tlog-proof@v1\nindex 5\n\n${NOTE}`)
})

test('write then parse, and parse then write, change nothing', () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.array(hash, { maxLength: 64 }),
      fc.string(),
      (index, hashes, checkpoint) => {
        const text = writeTlogProof({ index, hashes, checkpoint })
        const parsed = parseTlogProof(text)
        assert.ok(parsed.ok)
        assert.equal(parsed.value.index, index)
        assert.equal(parsed.value.checkpoint, checkpoint)
        assert.equal(writeTlogProof(parsed.value), text)
      },
    ),
  )
})

test('never throws, and accepts only what it would write', () => {
  const lines = fc
    .array(
      fc.oneof(
        fc.constantFrom('c2sp.org/tlog-proof@v1', 'index 0', 'index 00', 'extra AA==', H1, ''),
        fc.string(),
      ),
    )
    .map((all) => all.join('\n'))
  fc.assert(
    fc.property(lines, (text) => {
      const parsed = parseTlogProof(text)
      if (parsed.ok) assert.equal(writeTlogProof(parsed.value), text)
    }),
  )
})

for (const [name, text] of [
  ['another version', `c2sp.org/tlog-proof@v2\nindex 5\n\n${NOTE}`],
  ['no index', `c2sp.org/tlog-proof@v1\n${H1}\n\n${NOTE}`],
  ['an index with a leading zero', `c2sp.org/tlog-proof@v1\nindex 05\n\n${NOTE}`],
  ['an index that no number holds', `c2sp.org/tlog-proof@v1\nindex 9007199254740993\n\n${NOTE}`],
  ['a negative index', `c2sp.org/tlog-proof@v1\nindex -1\n\n${NOTE}`],
  ['unauthenticated extra data', `c2sp.org/tlog-proof@v1\nextra AA==\nindex 5\n\n${NOTE}`],
  [
    'a hash of 31 bytes',
    `c2sp.org/tlog-proof@v1\nindex 5\n${Buffer.alloc(31).toString('base64')}\n\n${NOTE}`,
  ],
  [
    'a hash in base64url',
    `c2sp.org/tlog-proof@v1\nindex 5\n${Buffer.alloc(32, 255).toString('base64url')}=\n\n${NOTE}`,
  ],
  ['no checkpoint', `c2sp.org/tlog-proof@v1\nindex 5\n${H1}\n`],
  ['CRLF', `c2sp.org/tlog-proof@v1\r\nindex 5\r\n\r\n${NOTE}`],
  ['65 hashes', `c2sp.org/tlog-proof@v1\nindex 5\n${`${H1}\n`.repeat(65)}\n${NOTE}`],
] as const)
  test(`refused: ${name}`, () => assert.equal(parseTlogProof(text).ok, false))
