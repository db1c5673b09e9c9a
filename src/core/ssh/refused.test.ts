import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { dearmor, type SshsigError, verifySshsig } from './sshsig.ts'

const vectors = join(import.meta.dirname, '../../../vectors/ssh')
const read = (...path: string[]): Buffer => readFileSync(join(vectors, ...path))
const origin = read('webauthn', 'origin').toString().trim()
const message = read('refused', 'message')

/** The tag of an error, as the folders of `refused/` name it. */
function tag(error: SshsigError): string {
  if (typeof error === 'string') return error
  if ('key' in error) return error.key.kind
  return error.signature === 'malformed' ? 'signature-malformed' : error.signature
}

const folders = readdirSync(join(vectors, 'refused'), { withFileTypes: true }).filter((entry) =>
  entry.isDirectory(),
)
for (const { name: folder } of folders) {
  describe(`refused as ${folder}`, () => {
    for (const file of readdirSync(join(vectors, 'refused', folder))) {
      test(file.replace(/\.sig$/, ''), () => {
        const verified = verifySshsig(
          read('refused', folder, file).toString('latin1'),
          message,
          'git',
          origin,
        )
        assert.ok(!verified.ok)
        assert.equal(tag(verified.error), folder)
      })
    }
  })
}

test('every kind of error has a vector', () =>
  assert.deepEqual(folders.map(({ name }) => name).sort(), [
    'bad-signature',
    'malformed',
    'not-a-security-key',
    'signature-malformed',
    'wrong-algorithm',
    'wrong-challenge',
    'wrong-namespace',
    'wrong-origin',
  ]))

describe('a passkey in SSH clothes', () => {
  const text = read('webauthn', 'message.sig').toString('latin1')
  const signed = read('webauthn', 'message')

  test('is accepted for its origin, flags and counter told', () => {
    const verified = verifySshsig(text, signed, 'git', origin)
    assert.ok(verified.ok)
    assert.deepEqual([verified.value.up, verified.value.uv, verified.value.origin], [true, true, origin])
    assert.equal(verified.value.key.application, new URL(origin).hostname)
  })
  test('is refused where none is expected', () =>
    assert.deepEqual(verifySshsig(text, signed, 'git', null), {
      ok: false,
      error: { signature: 'wrong-origin' },
    }))
  test('a flipped bit in any byte is refused', () => {
    const blob = dearmor(text)!
    for (let bit = 0; bit < blob.length * 8; bit += 7) {
      const changed = Buffer.from(blob)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      const lines = changed.toString('base64').match(/.{1,70}/g)!
      const armored = `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`
      assert.ok(!verifySshsig(armored, signed, 'git', origin).ok, `bit ${bit}`)
    }
  })
})
