import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, test } from 'node:test'
import { checkAssertion } from './assertion.ts'

const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest()
const challenge = Buffer.from('a challenge')
const [origin, rpId] = ['https://id.example.com', 'id.example.com']

function cose(key: KeyObject): Buffer {
  const jwk = key.export({ format: 'jwk' })
  const part = (text: string | undefined): string => Buffer.from(text!, 'base64url').toString('hex')
  const hex =
    jwk.kty === 'EC'
      ? `a5010203262001215820${part(jwk.x)}225820${part(jwk.y)}`
      : jwk.kty === 'OKP'
        ? `a4010103272006215820${part(jwk.x)}`
        : `a401030339010020590100${part(jwk.n)}2143${part(jwk.e)}`
  return Buffer.from(hex, 'hex')
}

const KEYS = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const
type Algorithm = keyof typeof KEYS

function assertion(
  algorithm: Algorithm,
  how: { flags?: number; rp?: string; client?: object; text?: string } = {},
) {
  const authData = Buffer.concat([sha256(how.rp ?? rpId), Buffer.from([how.flags ?? 5, 0, 0, 0, 9])])
  const said = { type: 'webauthn.get', challenge: challenge.toString('base64url'), origin, ...how.client }
  const client = Buffer.from(how.text ?? JSON.stringify(said))
  const message = Buffer.concat([authData, sha256(client)])
  const signature = sign(algorithm === 'EdDSA' ? null : 'sha256', message, KEYS[algorithm].privateKey)
  return {
    authenticatorData: authData.toString('base64url'),
    clientDataJSON: client.toString('base64url'),
    signature: signature.toString('base64url'),
  }
}

const fault = (...args: Parameters<typeof checkAssertion>): string | undefined => {
  const checked = checkAssertion(...args)
  return checked.ok ? undefined : checked.error
}
const expected = (algorithm: Algorithm) => ({
  cose: cose(KEYS[algorithm].publicKey),
  challenge,
  origin,
  rpId,
})

for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
  describe(algorithm, () => {
    const good = assertion(algorithm)
    test('holds', () => assert.equal(fault(good, expected(algorithm)), undefined))
    test('no changed byte goes unnoticed', () => {
      for (const part of ['authenticatorData', 'clientDataJSON', 'signature'] as const) {
        const bytes = Buffer.from(good[part], 'base64url')
        for (let at = 0; at < bytes.length; at++) {
          const changed = Buffer.from(bytes)
          changed[at]! ^= 1
          const made = { ...good, [part]: changed.toString('base64url') }
          assert.notEqual(fault(made, expected(algorithm)), undefined, `${part} ${at}`)
        }
      }
    })
    test('not by another key of its kind', () => {
      const other =
        algorithm === 'ES256'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : algorithm === 'EdDSA'
            ? generateKeyPairSync('ed25519')
            : generateKeyPairSync('rsa', { modulusLength: 2048 })
      const by = { ...expected(algorithm), cose: cose(other.publicKey) }
      assert.equal(fault(good, by), 'bad-signature')
    })
  })
}

describe('refused, though signed', () => {
  const cases: readonly [string, Parameters<typeof assertion>[1], string][] = [
    ['another RP', { rp: 'example.com' }, 'wrong-site'],
    ['another origin', { client: { origin: 'https://evil.example' } }, 'wrong-site'],
    ['another challenge', { client: { challenge: 'AAAA' } }, 'wrong-site'],
    ['a registration', { client: { type: 'webauthn.create' } }, 'wrong-site'],
    ['a frame of another site', { client: { crossOrigin: true } }, 'wrong-site'],
    ['a frame with a top origin', { client: { topOrigin: origin } }, 'wrong-site'],
    ['client data that is no JSON', { text: '{' }, 'wrong-site'],
    ['client data that is null', { text: 'null' }, 'wrong-site'],
  ]
  for (const [name, how, said] of cases)
    test(name, () => assert.equal(fault(assertion('ES256', how), expected('ES256')), said))
})

test('refused: a key of no known form, and bytes that are none', () => {
  const good = assertion('ES256')
  assert.equal(fault(good, { ...expected('ES256'), cose: Buffer.from('a0', 'hex') }), 'unknown-key')
  const longer = Buffer.concat([expected('ES256').cose, Buffer.from([0])])
  assert.equal(fault(good, { ...expected('ES256'), cose: longer }), 'unknown-key')
  for (const part of ['authenticatorData', 'clientDataJSON', 'signature'] as const)
    assert.equal(fault({ ...good, [part]: '*' }, expected('ES256')), 'malformed')
  assert.equal(fault({ ...good, authenticatorData: 'AAAA' }, expected('ES256')), 'malformed')
})

test('touch, PIN and counter are decoded, and left to the caller', () => {
  for (const [flags, up, uv] of [
    [0, false, false],
    [1, true, false],
    [4, false, true],
    [5, true, true],
  ] as const)
    assert.deepEqual(checkAssertion(assertion('ES256', { flags }), expected('ES256')), {
      ok: true,
      value: { up, uv, counter: 9 },
    })
})
