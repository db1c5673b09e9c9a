import assert from 'node:assert/strict'
import { createPublicKey, decapsulate, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { sshString } from '../bytes.ts'
import { sha256 } from '../crypto.ts'
import { agree, type KexInit, ML_KEM, parseKexInit, STRICT_SERVER, writeKexInit } from './kexinit.ts'
import { deriveKey, parseEcdhInit, share } from './key-exchange.ts'

const cookie = Buffer.alloc(16)

describe('proposals', () => {
  test('ours are read back, and speak of strictness once', () => {
    const first = parseKexInit(writeKexInit(cookie, true))
    const later = parseKexInit(writeKexInit(cookie, false))
    assert.ok(first.ok && later.ok)
    assert.equal(first.value.kex.at(-1), STRICT_SERVER)
    assert.equal(first.value.kex[0], ML_KEM)
    assert.ok(!later.value.kex.includes(STRICT_SERVER))
  })
  test('cut short, or with something behind', () => {
    const whole = writeKexInit(cookie, true)
    for (let length = 0; length < whole.length; length++)
      assert.ok(!parseKexInit(whole.subarray(0, length)).ok)
    assert.ok(!parseKexInit(Buffer.concat([whole, Buffer.alloc(1)])).ok)
  })
  test('nothing throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        parseKexInit(Buffer.concat([Buffer.from([20]), bytes]))
        parseEcdhInit(Buffer.concat([Buffer.from([30]), bytes]))
      }),
    )
  })
})

describe('agreement', () => {
  const modern: KexInit = {
    kex: ['sntrup761x25519-sha512@openssh.com', 'curve25519-sha256', ML_KEM],
    hostKey: ['rsa-sha2-512', 'ssh-ed25519'],
    cipherToServer: ['chacha20-poly1305@openssh.com', 'aes256-gcm@openssh.com'],
    cipherToClient: ['aes128-gcm@openssh.com'],
    compressionToServer: ['none'],
    compressionToClient: ['zlib@openssh.com', 'none'],
    guesses: false,
  }
  test('what the client likes best', () => {
    const agreed = agree(modern)
    assert.ok(agreed.ok)
    assert.deepEqual(agreed.value, {
      kex: 'curve25519-sha256',
      toServer: 'aes256-gcm@openssh.com',
      toClient: 'aes128-gcm@openssh.com',
      skipsGuess: false,
    })
  })
  test('a wrong guess is skipped, a right one taken', () => {
    const wrong = agree({ ...modern, guesses: true })
    const right = agree({ ...modern, kex: [ML_KEM], hostKey: ['ssh-ed25519'], guesses: true })
    assert.ok(wrong.ok && wrong.value.skipsGuess)
    assert.ok(right.ok && !right.value.skipsGuess)
  })
  for (const [what, change] of [
    ['key exchange', { kex: ['diffie-hellman-group14-sha256', 'ecdh-sha2-nistp256'] }],
    ['host key', { hostKey: ['ssh-rsa', 'ssh-dss'] }],
    ['cipher', { cipherToServer: ['aes128-cbc', '3des-cbc', 'none'] }],
    ['cipher', { cipherToClient: ['aes128-ctr'] }],
    ['compression', { compressionToServer: ['zlib'] }],
  ] as const)
    test(`nothing older: ${what} ${JSON.stringify(change)}`, () =>
      assert.deepEqual(agree({ ...modern, ...change }), { ok: false, error: what }))
})

describe('shares', () => {
  const x25519 = () => {
    const { publicKey, privateKey } = generateKeyPairSync('x25519')
    return { raw: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), privateKey }
  }
  const secretOf = (privateKey: ReturnType<typeof x25519>['privateKey'], raw: Buffer): Buffer =>
    diffieHellman({
      privateKey,
      publicKey: createPublicKey({
        key: Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), raw]),
        format: 'der',
        type: 'spki',
      }),
    })

  test('mlkem768x25519-sha256: both sides come to one secret', () => {
    const mlKem = generateKeyPairSync('ml-kem-768')
    const x = x25519()
    const raw = mlKem.publicKey.export({ format: 'der', type: 'spki' }).subarray(22)
    assert.equal(raw.length, 1184)
    const ours = share(ML_KEM, Buffer.concat([raw, x.raw]))
    assert.ok(ours)
    assert.equal(ours.value.length, 1088 + 32)
    const pq = decapsulate(mlKem.privateKey, ours.value.subarray(0, 1088))
    const classic = secretOf(x.privateKey, ours.value.subarray(1088))
    assert.deepEqual(ours.secret, sshString(sha256(pq, classic)))
  })
  test('curve25519-sha256: a secret whose first bit is set gets a zero in front', () => {
    for (let tries = 0; tries < 40; tries++) {
      const x = x25519()
      const ours = share('curve25519-sha256', x.raw)
      assert.ok(ours)
      const secret = secretOf(x.privateKey, ours.value)
      if (!(secret[0]! & 0x80)) continue
      assert.deepEqual(ours.secret, sshString(Buffer.concat([Buffer.alloc(1), secret])))
      return
    }
    assert.fail('forty secrets, and none with its first bit set')
  })
  test('no key: wrong length, small order, a coefficient out of range', () => {
    for (const bytes of [31, 33]) assert.equal(share('curve25519-sha256', Buffer.alloc(bytes, 9)), undefined)
    assert.equal(share('curve25519-sha256', Buffer.alloc(32)), undefined)
    const mlKem = generateKeyPairSync('ml-kem-768')
      .publicKey.export({ format: 'der', type: 'spki' })
      .subarray(22)
    assert.equal(share(ML_KEM, mlKem), undefined)
    assert.equal(share(ML_KEM, Buffer.concat([mlKem, Buffer.alloc(32)])), undefined)
    assert.equal(share(ML_KEM, Buffer.concat([Buffer.alloc(1184, 0xff), x25519().raw])), undefined)
    assert.equal(share(ML_KEM, x25519().raw), undefined)
  })
  test('keys are as long as asked for, and the longer begins as the shorter', () => {
    const [secret, hash] = [sshString('k'), Buffer.alloc(32, 1)]
    const long = deriveKey(secret, hash, hash, 'C', 80)
    assert.equal(long.length, 80)
    assert.deepEqual(deriveKey(secret, hash, hash, 'C', 16), long.subarray(0, 16))
    assert.notDeepEqual(deriveKey(secret, hash, hash, 'D', 16), long.subarray(0, 16))
  })
})
