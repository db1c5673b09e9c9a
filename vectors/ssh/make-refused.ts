// Makes `webauthn/` and `refused/`: `node vectors/ssh/make-refused.ts`, with stock ssh-keygen on PATH. Every signature in
// `refused/` has one thing wrong, named by its file; the folder names the error.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sshString, u32 } from '../../src/core/bytes.ts'
import { es256Point } from '../../src/core/ssh/cose-es256.ts'
import { SK_ECDSA, SK_ED25519, writeEcdsaSkKey, writePublicKeyLine } from '../../src/core/ssh/public-key.ts'
import { WEBAUTHN_SK_ECDSA } from '../../src/core/ssh/sk-signature.ts'
import { armor, signedData, writeSshsig } from '../../src/core/ssh/sshsig.ts'
import { sshsigFromAssertion } from '../../src/core/ssh/webauthn-signature.ts'
import { scratch } from '../../test/support/gateway.ts'
import { run } from '../../test/support/git.ts'
import { startAgent } from '../../test/support/sk-agent.ts'
import { softPasskey } from '../../test/support/soft-passkey.ts'

const here = import.meta.dirname
const dir = scratch('refused')
const agent = await startAgent(dir)
const key = agent.addKey('ed25519-sk', 'key')
const ecdsa = agent.addKey('ecdsa-sk', 'ecdsa')
const MESSAGE = Buffer.from('vector refused\n')
const message = join(dir, 'message')
writeFileSync(message, MESSAGE)

/** What stock ssh-keygen writes. */
async function keygen(path: string, namespace: string, ...options: string[]): Promise<string> {
  const argv = ['ssh-keygen', '-Y', 'sign', '-f', path, '-n', namespace, ...options, message]
  const signed = await run(argv, { env: { SSH_AUTH_SOCK: agent.socket } })
  if (signed.code !== 0) throw new Error(signed.stderr)
  const text = readFileSync(`${message}.sig`, 'latin1')
  rmSync(`${message}.sig`)
  return text
}
async function plainKey(type: string): Promise<string> {
  const path = join(dir, type)
  await run(['ssh-keygen', '-q', '-t', type, '-N', '', '-C', 'vector', '-f', path])
  return keygen(path, 'git')
}

const good = await keygen(key.path, 'git')
const blob = Buffer.from(good.split('\n').slice(1, -2).join(''), 'base64')
const TBS = signedData('git', 'sha512', MESSAGE)
const of = (soft: typeof key, signature: Buffer): string =>
  armor(writeSshsig({ publicKey: soft.blob, namespace: 'git', hash: 'sha512', signature }))
/** An SSHSIG with any field as told, signed for what it says. */
function told({ version = 1, namespace = 'git', reserved = '', hash = 'sha512' }): string {
  const head = [sshString(namespace), sshString(reserved), sshString(hash)]
  const digest = TBS.subarray(TBS.length - 64)
  const signature = key.sign(Buffer.concat([Buffer.from('SSHSIG'), ...head, sshString(digest)]))
  return armor(
    Buffer.concat([Buffer.from('SSHSIG'), u32(version), sshString(key.blob), ...head, sshString(signature)]),
  )
}
/** A signature blob under another algorithm's name. */
function named(algorithm: string, signature: Buffer): Buffer {
  return Buffer.concat([sshString(algorithm), signature.subarray(4 + signature.readUInt32BE(0))])
}
/** An ECDSA signature whose r has a needless zero in front. */
function padded(signature: Buffer): Buffer {
  const start = 4 + signature.readUInt32BE(0)
  const pair = signature.subarray(start + 4, start + 4 + signature.readUInt32BE(start))
  const r = pair.subarray(4, 4 + pair.readUInt32BE(0))
  const longer = Buffer.concat([sshString(Buffer.concat([Buffer.from([0]), r])), pair.subarray(4 + r.length)])
  return Buffer.concat([
    signature.subarray(0, start),
    sshString(longer),
    signature.subarray(start + 4 + pair.length),
  ])
}
const base64 = blob.toString('base64')
const wrapped = (width: number): string => base64.match(new RegExp(`.{1,${width}}`, 'g'))!.join('\n')
const flipped = (at: number): string => {
  const other = Buffer.from(blob)
  other[at]! ^= 1
  return armor(other)
}

const RP = 'id.git.example.com'
const ORIGIN = `https://${RP}`
const passkey = softPasskey(ORIGIN, RP)
const created = passkey.create({ challenge: 'AAAA', user: { id: 'AAAA' } }) as {
  response: { attestationObject: string }
}
const point = es256Point(Buffer.from(created.response.attestationObject, 'base64url').subarray(-77))!
/** An assertion in SSH clothes. */
function asserted(
  change: { challenge?: Buffer; flags?: number; origin?: string; crossOrigin?: boolean } = {},
): string {
  passkey.flags = change.flags ?? 0x05
  passkey.origin = change.origin ?? ORIGIN
  passkey.crossOrigin = change.crossOrigin ?? false
  const { response } = passkey.get({ challenge: (change.challenge ?? TBS).toString('base64url') }) as {
    response: Record<string, string>
  }
  const bytes = (name: string): Buffer => Buffer.from(response[name]!, 'base64url')
  return sshsigFromAssertion(
    {
      point,
      rpId: RP,
      origin: passkey.origin,
      authenticatorData: bytes('authenticatorData'),
      clientDataJSON: bytes('clientDataJSON'),
      signature: bytes('signature'),
    },
    'git',
  )!
}

const REFUSED: Record<string, Record<string, string>> = {
  malformed: {
    'armor-crlf': good.replaceAll('\n', '\r\n'),
    'armor-76-wide': `-----BEGIN SSH SIGNATURE-----\n${wrapped(76)}\n-----END SSH SIGNATURE-----\n`,
    'armor-one-line': `-----BEGIN SSH SIGNATURE-----\n${base64}\n-----END SSH SIGNATURE-----\n`,
    'armor-twice': good + good,
    'armor-without-last-newline': good.trimEnd(),
    'armor-text-before': `x\n${good}`,
    'armor-text-behind': `${good}x\n`,
    'armor-of-pgp': good.replaceAll('SSH', 'PGP'),
    'base64-url-alphabet': good.replace('U1NIU0lH', 'U1NIU0l_'),
    'version-0': told({ version: 0 }),
    'version-2': told({ version: 2 }),
    'reserved-not-empty': told({ reserved: 'x' }),
    'namespace-empty': told({ namespace: '' }),
    'hash-sha1': told({ hash: 'sha1' }),
    'hash-upper-case': told({ hash: 'SHA512' }),
    'magic-of-a-key': armor(Buffer.concat([Buffer.from('SSHKEY'), blob.subarray(6)])),
    'something-behind': armor(Buffer.concat([blob, Buffer.alloc(1)])),
    'cut-short': armor(blob.subarray(0, -1)),
    empty: '',
  },
  'wrong-namespace': {
    'namespace-file': await keygen(key.path, 'file'),
    'namespace-git-with-more': told({ namespace: 'git@x' }),
  },
  'not-a-security-key': { ed25519: await plainKey('ed25519'), rsa: await plainKey('rsa') },
  'wrong-algorithm': {
    'ed25519-without-sk': of(key, named('ssh-ed25519', key.sign(TBS))),
    'ecdsa-without-sk': of(ecdsa, named('ecdsa-sha2-nistp256', ecdsa.sign(TBS))),
    'ed25519-key-ecdsa-algorithm': of(key, named(SK_ECDSA, key.sign(TBS))),
    'ed25519-key-webauthn-algorithm': of(key, named(WEBAUTHN_SK_ECDSA, key.sign(TBS))),
    'ecdsa-key-ed25519-algorithm': of(ecdsa, named(SK_ED25519, ecdsa.sign(TBS))),
  },
  'signature-malformed': {
    'mpint-padded': of(ecdsa, padded(ecdsa.sign(TBS))),
    'something-behind': of(key, Buffer.concat([key.sign(TBS), Buffer.alloc(1)])),
    'without-counter': of(key, key.sign(TBS).subarray(0, -4)),
    'webauthn-attested-data-flag': asserted({ flags: 0x45 }),
    'webauthn-extension-flag-alone': asserted({ flags: 0x85 }),
  },
  'bad-signature': {
    'counter-changed': flipped(blob.length - 1),
    'flags-changed': flipped(blob.length - 5),
    'signature-changed': flipped(blob.length - 20),
    'application-changed': armor(Buffer.from(blob.toString('latin1').replace('ssh:', 'ssh;'), 'latin1')),
    'another-message': of(key, key.sign(signedData('git', 'sha512', Buffer.from('another')))),
    'another-hash-than-said': of(key, key.sign(signedData('git', 'sha256', MESSAGE))),
    'message-itself-signed': of(key, key.sign(MESSAGE)),
  },
  'wrong-origin': { 'another-origin': asserted({ origin: 'https://git.example.com' }) },
  'wrong-challenge': {
    'another-message': asserted({ challenge: signedData('git', 'sha512', Buffer.from('another')) }),
    'message-itself': asserted({ challenge: MESSAGE }),
    'cross-origin': asserted({ crossOrigin: true }),
  },
}
rmSync(join(here, 'refused'), { recursive: true, force: true })
for (const [error, cases] of Object.entries(REFUSED)) {
  mkdirSync(join(here, 'refused', error), { recursive: true })
  for (const [name, text] of Object.entries(cases))
    writeFileSync(join(here, 'refused', error, `${name}.sig`), text, 'latin1')
}
writeFileSync(join(here, 'refused', 'message'), MESSAGE)

rmSync(join(here, 'webauthn'), { recursive: true, force: true })
mkdirSync(join(here, 'webauthn'))
writeFileSync(join(here, 'webauthn', 'message'), MESSAGE)
writeFileSync(join(here, 'webauthn', 'message.sig'), asserted())
writeFileSync(join(here, 'webauthn', 'origin'), `${ORIGIN}\n`)
const line = writePublicKeyLine({ type: SK_ECDSA, blob: writeEcdsaSkKey(point, RP) })
writeFileSync(join(here, 'webauthn', 'key.pub'), `${line}\n`)
agent.close()
