import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { softPasskey } from '../../../test/support/soft-passkey.ts'
import { parsePushCertificate } from '../git/push-cert.ts'
import { es256Point } from './cose-es256.ts'
import { p1363FromDer } from './ecdsa-der.ts'
import { parsePublicKeyLine, writeEcdsaSkKey, writePublicKeyLine } from './public-key.ts'
import { armor, dearmor, parseSshsig, signedData, verifySshsig, writeSshsig } from './sshsig.ts'
import { sshsigFromAssertion } from './webauthn-signature.ts'

const vectors = join(import.meta.dirname, '../../../vectors')
const dir = mkdtempSync(join(tmpdir(), 'ssh-'))
after(() => rmSync(dir, { recursive: true, force: true }))

/** What stock ssh-keygen says about a signature in namespace git. */
function sshKeygen(line: string, signature: string, message: Uint8Array, namespace = 'git'): boolean {
  writeFileSync(join(dir, 'allowed'), `me namespaces="${namespace}" ${line}\n`)
  writeFileSync(join(dir, 'sig'), signature)
  return (
    spawnSync(
      'ssh-keygen',
      ['-Y', 'verify', '-f', join(dir, 'allowed'), '-I', 'me', '-n', namespace, '-s', join(dir, 'sig')],
      { input: message },
    ).status === 0
  )
}

describe('signatures by ssh-keygen', () => {
  for (const [name, up, uv] of [
    ['ed25519-touched', true, false],
    ['ed25519-verified', true, true],
    ['ed25519-untouched', false, false],
    ['ecdsa-touched', true, false],
  ] as const) {
    const read = (file: string): string => readFileSync(join(vectors, 'ssh', name, file), 'latin1')
    test(`${name}: accepted, flags decoded`, () => {
      const verified = verifySshsig(read('message.sig'), Buffer.from(read('message')), 'git', null)
      assert.ok(verified.ok)
      assert.deepEqual([verified.value.up, verified.value.uv], [up, uv])
      assert.equal(writePublicKeyLine(verified.value.key), read('key.pub').split(' ', 2).join(' '))
      assert.ok(sshKeygen(read('key.pub').trim(), read('message.sig'), Buffer.from(read('message'))))
    })
    test(`${name}: another message or namespace is refused`, () => {
      assert.ok(!verifySshsig(read('message.sig'), Buffer.from(`${read('message')}x`), 'git', null).ok)
      assert.deepEqual(verifySshsig(read('message.sig'), Buffer.from(read('message')), 'file', null), {
        ok: false,
        error: 'wrong-namespace',
      })
    })
    test(`${name}: parse and write are inverse`, () => {
      const blob = dearmor(read('message.sig'))!
      assert.equal(armor(blob), read('message.sig'))
      const parsed = parseSshsig(blob)
      assert.ok(parsed.ok && writeSshsig(parsed.value).equals(blob))
      const line = parsePublicKeyLine(read('key.pub'))
      assert.ok(line.ok && writePublicKeyLine(line.value) === read('key.pub').split(' ', 2).join(' '))
    })
  }
  test('armor with anything else in it is refused', () => {
    const good = readFileSync(join(vectors, 'ssh/ed25519-touched/message.sig'), 'latin1')
    for (const bad of [
      ` ${good}`,
      `${good}\n`,
      good.replace('\n', '\r\n'),
      good.replace(/\n(.{30})/, '\n$1\n'),
      good.trimEnd(),
      good + good,
    ])
      assert.equal(dearmor(bad), undefined)
  })
  test('key lines of other types are named', () => {
    const ed25519 = execFileSync('sh', [
      '-c',
      `ssh-keygen -q -t ed25519 -N '' -f ${join(dir, 'plain')} && cat ${join(dir, 'plain')}.pub`,
    ]).toString()
    assert.deepEqual(parsePublicKeyLine(ed25519), {
      ok: false,
      error: { kind: 'not-a-security-key', type: 'ssh-ed25519' },
    })
  })
})

test('the certificate that stock git wrote', () => {
  const file = (name: string): Buffer => readFileSync(join(vectors, 'git/certificate', name))
  const parsed = parsePushCertificate(Buffer.concat([file('statement'), file('statement.sig')]))
  assert.ok(parsed.ok)
  assert.deepEqual(
    parsed.value.updates.map(({ ref }) => ref),
    ['refs/heads/main', 'refs/heads/topic', 'refs/tags/v1'],
  )
  const verified = verifySshsig(parsed.value.signature, parsed.value.text, 'git', null)
  assert.ok(verified.ok && verified.value.up)
  assert.ok(parsed.value.pusher.startsWith(verified.value.key.fingerprint))
})

describe('a passkey assertion in SSH clothes', () => {
  const origin = 'https://id.git.example.com'
  const message = Buffer.from('certificate version 0.1\n')
  function assertion(namespace: string): { armored: string; line: string } {
    const passkey = softPasskey(origin)
    const created = passkey.create({ challenge: 'AAAA', user: { id: 'AAAA' } }) as {
      response: { attestationObject: string }
    }
    const object = Buffer.from(created.response.attestationObject, 'base64url')
    const point = es256Point(object.subarray(-77))!
    const answer = passkey.get({
      challenge: signedData(namespace, 'sha512', message).toString('base64url'),
    }) as { response: Record<string, string> }
    const bytes = (name: string): Buffer => Buffer.from(answer.response[name]!, 'base64url')
    const rpId = 'id.git.example.com'
    const armored = sshsigFromAssertion(
      {
        point,
        rpId,
        origin,
        authenticatorData: bytes('authenticatorData'),
        clientDataJSON: bytes('clientDataJSON'),
        signature: bytes('signature'),
      },
      namespace,
    )
    return {
      armored: armored!,
      line: writePublicKeyLine({
        type: 'sk-ecdsa-sha2-nistp256@openssh.com',
        blob: writeEcdsaSkKey(point, rpId),
      }),
    }
  }

  test('is accepted by stock ssh-keygen, and a changed message is not', () => {
    const { armored, line } = assertion('git')
    assert.ok(sshKeygen(line, armored, message))
    assert.ok(!sshKeygen(line, armored, Buffer.from('certificate version 0.2\n')))
  })
  test('is accepted by ours for its origin only, and never where no origin is expected', () => {
    const { armored } = assertion('git')
    assert.ok(verifySshsig(armored, message, 'git', origin).ok)
    assert.deepEqual(verifySshsig(armored, message, 'git', 'https://evil.example'), {
      ok: false,
      error: { signature: 'wrong-origin' },
    })
    assert.deepEqual(verifySshsig(armored, message, 'git', null), {
      ok: false,
      error: { signature: 'wrong-origin' },
    })
    assert.deepEqual(verifySshsig(armored, Buffer.from('x'), 'git', origin), {
      ok: false,
      error: { signature: 'wrong-challenge' },
    })
  })
  test('the vector is accepted by stock ssh-keygen, and a changed message is not', () => {
    const file = (name: string): Buffer => readFileSync(join(vectors, 'ssh/webauthn', name))
    const line = file('key.pub').toString().trim()
    assert.ok(sshKeygen(line, file('message.sig').toString(), file('message')))
    assert.ok(!sshKeygen(line, file('message.sig').toString(), Buffer.from('x')))
  })
  test('DER that has a second spelling is refused', () => {
    for (const hex of [
      '',
      '30',
      '3006020101020101ff',
      '300702020001020101',
      '30060201810201 01'.replace(' ', ''),
      '3106020101020101',
      '30080202000102020001',
    ])
      assert.equal(p1363FromDer(Buffer.from(hex, 'hex')), undefined, hex)
    assert.equal(
      p1363FromDer(Buffer.from('3006020101020102', 'hex'))?.toString('hex'),
      `${'0'.repeat(62)}01${'0'.repeat(62)}02`,
    )
  })
})
