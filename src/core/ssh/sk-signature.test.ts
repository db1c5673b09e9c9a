import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { softKey } from '../../../test/support/sk-agent.ts'
import { sshString, u32 } from '../bytes.ts'
import { parsePublicKey, SK_ECDSA, SK_ED25519, type SkPublicKey } from './public-key.ts'
import {
  FLAG_AT,
  FLAG_ED,
  FLAG_UP,
  parseSkSignature,
  verifySkSignature,
  WEBAUTHN_SK_ECDSA,
  writeSkSignature,
} from './sk-signature.ts'

const MESSAGE = Buffer.from('what is signed')
const keys = [softKey(SK_ED25519, ''), softKey(SK_ECDSA, '', 'ssh:another')].map((soft) => {
  const key = parsePublicKey(soft.blob)
  assert.ok(key.ok)
  return { soft, key: key.value }
})
const [ed25519, ecdsa] = keys as [(typeof keys)[0], (typeof keys)[0]]

function error(key: SkPublicKey, blob: Uint8Array): string | undefined {
  const result = verifySkSignature(key, blob, MESSAGE, null)
  return result.ok ? undefined : result.error
}

for (const { soft, key } of keys) {
  describe(soft.type, () => {
    test('flags and counter are told as signed', () => {
      for (const flags of [0x00, 0x01, 0x04, 0x05]) {
        soft.flags = flags
        soft.counter = 0xfffffffe
        assert.deepEqual(verifySkSignature(key, soft.sign(MESSAGE), MESSAGE, null), {
          ok: true,
          value: { flags, counter: 0xfffffffe, up: (flags & 1) !== 0, uv: (flags & 4) !== 0, origin: null },
        })
      }
      soft.flags = FLAG_UP
      soft.counter = 1
    })
    test('refused: any flipped bit of the signature, and any of the message', () => {
      const blob = soft.sign(MESSAGE)
      for (let bit = 0; bit < blob.length * 8; bit++) {
        const changed = Buffer.from(blob)
        changed[bit >> 3]! ^= 1 << (bit & 7)
        assert.notEqual(error(key, changed), undefined, `bit ${bit}`)
      }
      for (let bit = 0; bit < MESSAGE.length * 8; bit++) {
        const changed = Buffer.from(MESSAGE)
        changed[bit >> 3]! ^= 1 << (bit & 7)
        assert.ok(!verifySkSignature(key, blob, changed, null).ok, `bit ${bit} of the message`)
      }
    })
    test('refused: cut short anywhere, or with something behind', () => {
      const blob = soft.sign(MESSAGE)
      for (let end = 0; end < blob.length; end++)
        assert.equal(error(key, blob.subarray(0, end)) === undefined, false)
      assert.equal(error(key, Buffer.concat([blob, Buffer.alloc(1)])), 'malformed')
    })
    test('refused: the same point under another application', () => {
      const blob = Buffer.from(soft.blob)
      const other = parsePublicKey(
        Buffer.concat([blob.subarray(0, -4 - soft.application.length), sshString('ssh:other')]),
      )
      assert.ok(other.ok)
      assert.equal(error(other.value, soft.sign(MESSAGE)), 'bad-signature')
    })
    test('parse and write are inverse', () => {
      const blob = soft.sign(MESSAGE)
      const parsed = parseSkSignature(blob, key)
      assert.ok(parsed.ok && writeSkSignature(parsed.value, key).equals(blob))
    })
  })
}

describe('algorithm and key', () => {
  const named = (algorithm: string, blob: Buffer): Buffer =>
    Buffer.concat([sshString(algorithm), blob.subarray(4 + blob.readUInt32BE(0))])

  test('refused: the algorithm of another key type, the plain one included', () => {
    for (const algorithm of [SK_ECDSA, WEBAUTHN_SK_ECDSA, 'ssh-ed25519', ''])
      assert.equal(
        error(ed25519.key, named(algorithm, ed25519.soft.sign(MESSAGE))),
        'wrong-algorithm',
        algorithm,
      )
    for (const algorithm of [SK_ED25519, 'ecdsa-sha2-nistp256', 'webauthn'])
      assert.equal(error(ecdsa.key, named(algorithm, ecdsa.soft.sign(MESSAGE))), 'wrong-algorithm', algorithm)
  })
  test('refused: an ECDSA signature passed off as one made in a browser', () => {
    const blob = named(WEBAUTHN_SK_ECDSA, ecdsa.soft.sign(MESSAGE))
    assert.equal(error(ecdsa.key, blob), 'malformed')
    const dressed = Buffer.concat([blob, sshString('https://h'), sshString('{}'), sshString('')])
    assert.equal(error(ecdsa.key, dressed), 'wrong-origin')
    const result = verifySkSignature(ecdsa.key, dressed, MESSAGE, 'https://h')
    assert.deepEqual(result, { ok: false, error: 'wrong-challenge' })
  })
})

describe('mpints of an ECDSA signature have one spelling', () => {
  const withPair = (pair: Buffer): Buffer =>
    Buffer.concat([sshString(SK_ECDSA), sshString(pair), Buffer.from([FLAG_UP]), u32(1)])
  const ONE = sshString(Buffer.from([1]))
  const cases: readonly [string, Buffer][] = [
    ['zero', sshString('')],
    ['zero as a byte', sshString(Buffer.from([0]))],
    ['negative', sshString(Buffer.from([0x80]))],
    ['a needless zero in front', sshString(Buffer.from([0, 1]))],
    ['33 digits', sshString(Buffer.concat([Buffer.from([1]), Buffer.alloc(32)]))],
    ['a length beyond the end', Buffer.from('ffffffff01', 'hex')],
  ]
  for (const [name, half] of cases) {
    test(`refused: ${name}, as r or as s`, () => {
      assert.equal(error(ecdsa.key, withPair(Buffer.concat([half, ONE]))), 'malformed')
      assert.equal(error(ecdsa.key, withPair(Buffer.concat([ONE, half]))), 'malformed')
    })
  }
  test('refused: a third number, or one alone', () => {
    assert.equal(error(ecdsa.key, withPair(Buffer.concat([ONE, ONE, ONE]))), 'malformed')
    assert.equal(error(ecdsa.key, withPair(ONE)), 'malformed')
    assert.equal(error(ecdsa.key, withPair(Buffer.concat([ONE, ONE]))), 'bad-signature')
  })
  test('short and long halves survive the way there and back', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 256n - 1n), fc.bigInt(1n, 255n), (r, s) => {
        const hex = [r, s].map((n) => n.toString(16).padStart(64, '0')).join('')
        const raw = Buffer.from(hex, 'hex')
        const blob = writeSkSignature({ raw, flags: 1, counter: 0, webauthn: null }, { type: SK_ECDSA })
        const parsed = parseSkSignature(blob, ecdsa.key)
        assert.ok(parsed.ok && Buffer.from(parsed.value.raw).equals(raw))
      }),
    )
  })
})

test('refused: an Ed25519 signature of another length', () => {
  for (const length of [0, 63, 65])
    assert.equal(
      error(
        ed25519.key,
        Buffer.concat([sshString(SK_ED25519), sshString(Buffer.alloc(length)), Buffer.from([1]), u32(1)]),
      ),
      'malformed',
    )
})

test('refused: a key for which everybody could sign everything', () => {
  // The identity as key; R = B, the base point, and S = 1 satisfy S·B = R + h·A for every message.
  const key = parsePublicKey(
    Buffer.concat([
      sshString(SK_ED25519),
      sshString(Buffer.from(`01${'00'.repeat(31)}`, 'hex')),
      sshString('ssh:'),
    ]),
  )
  const raw = Buffer.from(`58${'66'.repeat(31)}01${'00'.repeat(31)}`, 'hex')
  const blob = writeSkSignature({ raw, flags: 1, counter: 1, webauthn: null }, { type: SK_ED25519 })
  assert.ok(!key.ok || error(key.value, blob) === 'bad-signature')
})

test('flags have the values of CTAP2', () =>
  assert.deepEqual([FLAG_UP, FLAG_AT, FLAG_ED], [0x01, 0x40, 0x80]))
