import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { softKey } from '../../../test/support/sk-agent.ts'
import { sshString } from '../bytes.ts'
import {
  parsePublicKey,
  parsePublicKeyLine,
  SK_ECDSA,
  SK_ED25519,
  writeEcdsaSkKey,
  writePublicKeyLine,
} from './public-key.ts'

const ed25519 = softKey(SK_ED25519, '')
const ecdsa = softKey(SK_ECDSA, '', 'ssh:work')
const lineOf = (blob: Uint8Array, type: string): string => `${type} ${Buffer.from(blob).toString('base64')}`

describe('lines of .pub files', () => {
  for (const key of [ed25519, ecdsa]) {
    test(`${key.type}: fields, and the fingerprint that ssh-keygen prints`, () => {
      const parsed = parsePublicKeyLine(`${key.line}\n`)
      assert.ok(parsed.ok)
      assert.deepEqual([parsed.value.type, parsed.value.application], [key.type, key.application])
      assert.equal(parsed.value.comment, 'soft')
      assert.equal(writePublicKeyLine(parsed.value), key.line.split(' ', 2).join(' '))
      const printed = execFileSync('ssh-keygen', ['-l', '-f', '-'], { input: key.line }).toString()
      assert.equal(parsed.value.fingerprint, printed.split(' ')[1])
    })
  }
  test('without a comment, with one of several words, from Windows', () => {
    const bare = lineOf(ed25519.blob, SK_ED25519)
    for (const [line, comment] of [
      [bare, ''],
      [`${bare} me@laptop, blue key`, 'me@laptop, blue key'],
      [`${bare} x\r\n`, 'x'],
    ] as const)
      assert.equal((parsePublicKeyLine(line) as { value: { comment: string } }).value.comment, comment)
  })
  const bare = lineOf(ed25519.blob, SK_ED25519)
  for (const [name, line] of [
    ['nothing', ''],
    ['another type than the blob has', lineOf(ed25519.blob, SK_ECDSA)],
    ['options in front', `no-touch-required ${bare}`],
    ['two lines', `${bare}\n${bare}\n`],
    ['a tab between', bare.replace(' ', '\t')],
    ['two spaces', bare.replace(' ', '  ')],
    ['no padding', bare.replace(/=+$/, '')],
    // The last digit of this blob is `s`, and two of its six bits are beyond the end.
    ['a second spelling of the last digit', lineOf(ecdsa.blob, SK_ECDSA).replace(/s=$/, 't=')],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----\n'],
    ['a line without end', `${bare} ${'x'.repeat(10_000)}`],
  ] as const)
    test(`refused: ${name}`, () =>
      assert.deepEqual(parsePublicKeyLine(line), { ok: false, error: { kind: 'malformed' } }))
})

describe('key blobs', () => {
  const sk = (...fields: (string | Uint8Array)[]): Buffer =>
    Buffer.concat(fields.map((field) => sshString(field)))
  const raw = ed25519.blob.subarray(4 + SK_ED25519.length + 4).subarray(0, 32)
  const point = ecdsa.blob.subarray(4 + SK_ECDSA.length + 4 + 8 + 4).subarray(0, 65)
  const offCurve = Buffer.from(point)
  offCurve[64]! ^= 1

  test('control: built by hand, they are good', () => {
    assert.ok(parsePublicKey(sk(SK_ED25519, raw, 'ssh:')).ok)
    assert.ok(parsePublicKey(writeEcdsaSkKey(point, 'ssh:work')).ok)
  })
  for (const [name, blob] of [
    ['empty', Buffer.alloc(0)],
    ['an application with a space', sk(SK_ED25519, raw, 'ssh: x')],
    ['an application with a NUL', sk(SK_ED25519, raw, 'ssh:\0')],
    ['an application that is not ASCII', sk(SK_ED25519, raw, 'ssh:é')],
    ['no application', sk(SK_ED25519, raw)],
    ['an empty application', sk(SK_ED25519, raw, '')],
    ['something behind', Buffer.concat([ed25519.blob, Buffer.alloc(1)])],
    ['31 bytes of key', sk(SK_ED25519, raw.subarray(1), 'ssh:')],
    ['33 bytes of key', sk(SK_ED25519, Buffer.concat([raw, Buffer.alloc(1)]), 'ssh:')],
    ['another curve', sk(SK_ECDSA, 'nistp384', point, 'ssh:')],
    ['a point off the curve', sk(SK_ECDSA, 'nistp256', offCurve, 'ssh:')],
    [
      'a compressed point',
      sk(SK_ECDSA, 'nistp256', Buffer.concat([Buffer.from([2]), point.subarray(1, 33)]), 'ssh:'),
    ],
    ['the point at infinity', sk(SK_ECDSA, 'nistp256', Buffer.from([0]), 'ssh:')],
    ['a length beyond the end', Buffer.from('ffffffff', 'hex')],
    ['a type with a control character', sk('ssh-\x1b[31m', raw)],
  ] as const)
    test(`refused: ${name}`, () =>
      assert.deepEqual(parsePublicKey(blob), { ok: false, error: { kind: 'malformed' } }))

  test('other types are named', () => {
    for (const type of [
      'ssh-rsa',
      'ssh-ed25519',
      'ecdsa-sha2-nistp256',
      'sk-ssh-ed25519-cert-v01@openssh.com',
    ])
      assert.deepEqual(parsePublicKey(sk(type, 'x')), {
        ok: false,
        error: { kind: 'not-a-security-key', type },
      })
  })
  test('whatever parses is written back the same, and nothing throws', () => {
    fc.assert(
      fc.property(fc.constantFrom(ed25519, ecdsa), fc.nat(200), fc.nat(255), (key, at, value) => {
        const blob = Buffer.from(key.blob)
        blob[at % blob.length] = value
        const parsed = parsePublicKey(blob)
        if (!parsed.ok) return
        const line = parsePublicKeyLine(writePublicKeyLine(parsed.value))
        assert.ok(line.ok && Buffer.from(line.value.blob).equals(blob))
      }),
    )
  })
})
