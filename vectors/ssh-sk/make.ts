// Writes valid.json and invalid.json: sign-ins by SSH as the ledger keeps them. Keys are made anew, so every run differs.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sshString } from '../../src/core/bytes.ts'
import { type Login, PUBLICKEY, PUBLICKEY_HOSTBOUND } from '../../src/core/ssh/auth-request.ts'
import { hostKey } from '../../src/core/ssh/host-key.ts'
import { SK_ECDSA, SK_ED25519 } from '../../src/core/ssh/public-key.ts'
import { type SoftKey, softKey } from '../../test/support/sk-agent.ts'

const host = hostKey(Buffer.alloc(32, 1))
const other = hostKey(Buffer.alloc(32, 2))
const sessionId = Buffer.alloc(32, 3)

interface Shape {
  readonly method?: string
  readonly user?: string
  readonly service?: string
  readonly algorithm?: string
  readonly blob?: Buffer
  readonly boundTo?: Buffer
  readonly session?: Buffer
  readonly behind?: Buffer
}

function request(key: SoftKey, shape: Shape = {}): Buffer {
  const method = shape.method ?? PUBLICKEY
  return Buffer.concat([
    Buffer.from([50]),
    sshString(shape.user ?? 'git'),
    sshString(shape.service ?? 'ssh-connection'),
    sshString(method),
    Buffer.from([1]),
    sshString(shape.algorithm ?? key.type),
    sshString(shape.blob ?? key.blob),
    ...(method === PUBLICKEY_HOSTBOUND ? [sshString(shape.boundTo ?? host.blob)] : []),
    shape.behind ?? Buffer.alloc(0),
  ])
}

function login(key: SoftKey, shape: Shape = {}, sign = (text: Buffer): Buffer => key.sign(text)): Login {
  const signed = Buffer.concat([sshString(shape.session ?? sessionId), request(key, shape)])
  return {
    sessionId,
    signed,
    signature: sign(signed),
    hostKey: host.blob,
    hostSignature: host.sign(sessionId),
  }
}

const base64 = (login: Login): Record<string, string> =>
  Object.fromEntries(
    Object.entries(login).map(([name, value]) => [name, Buffer.from(value as Uint8Array).toString('base64')]),
  )

const valid: object[] = []
const invalid: object[] = []
for (const type of [SK_ED25519, SK_ECDSA] as const) {
  for (const [what, flags, application] of [
    ['touched', 0x01, 'ssh:'],
    ['touched, with PIN', 0x05, 'ssh:'],
    ['not touched', 0x00, 'ssh:'],
    ['for an application of its own', 0x01, 'ssh:work'],
  ] as const) {
    for (const method of [PUBLICKEY, PUBLICKEY_HOSTBOUND]) {
      const key = softKey(type, '', application)
      key.flags = flags
      key.counter = 7
      valid.push({
        what: `${type}, ${what}, ${method}`,
        login: base64(login(key, { method })),
        says: {
          type,
          application,
          up: (flags & 1) !== 0,
          uv: (flags & 4) !== 0,
          counter: 7,
          user: 'git',
          fingerprint: key.fingerprint,
        },
      })
    }
  }
  const key = softKey(type, '')
  const stranger = softKey(type, '')
  const flip = (at: number) => (text: Buffer) => {
    const signature = key.sign(text)
    const place = at < 0 ? signature.length + at : at
    signature[place] = signature[place]! ^ 1
    return signature
  }
  const renamed = (name: string) => (text: Buffer) =>
    Buffer.concat([sshString(name), key.sign(text).subarray(4 + type.length)])
  const swapped = softKey(type, '', 'ssh:other')
  const certificate = sshString(type.replace('@', '-cert-v01@'))
  const bad: [string, string, Login][] = [
    ['signed by another key', 'bad-signature', login(key, {}, (text) => stranger.sign(text))],
    ['over another text', 'bad-signature', login(key, {}, (text) => key.sign(Buffer.concat([text, text])))],
    ['a flag set afterwards', 'bad-signature', login(key, {}, flip(-5))],
    ['a counter changed afterwards', 'bad-signature', login(key, {}, flip(-1))],
    ['another application than it was made for', 'bad-signature', login(swapped, {}, (text) => key.sign(text))],
    ['of another session', 'wrong-session', login(key, { session: Buffer.alloc(32, 4) })],
    ['bound to another host', 'wrong-host-key', login(key, { method: PUBLICKEY_HOSTBOUND, boundTo: other.blob })],
    [
      'the algorithm of the other type in the request',
      'wrong-algorithm',
      login(key, { algorithm: type === SK_ED25519 ? SK_ECDSA : SK_ED25519 }),
    ],
    ['the plain algorithm in the request', 'wrong-algorithm', login(key, { algorithm: 'ssh-ed25519' })],
    ['the plain algorithm in the signature', 'wrong-algorithm', login(key, {}, renamed('ssh-ed25519'))],
    ['a certificate', 'not-a-security-key', login(key, { blob: Buffer.concat([certificate, key.blob]) })],
    ['a plain key', 'not-a-security-key', login(key, { blob: Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.alloc(32, 9))]) })],
    ['for another service', 'malformed', login(key, { service: 'ssh-userauth' })],
    ['by another method', 'malformed', login(key, { method: 'hostbased' })],
    ['with something behind the key', 'malformed', login(key, { behind: Buffer.from([0]) })],
    ['with something behind the signature', 'malformed', login(key, {}, (text) => Buffer.concat([key.sign(text), Buffer.from([0])]))],
    ['a signature cut short', 'malformed', login(key, {}, (text) => key.sign(text).subarray(0, -1))],
    ['no signature', 'malformed', login(key, {}, () => Buffer.alloc(0))],
  ]
  if (type === SK_ECDSA)
    bad.push(['the algorithm of browsers', 'malformed', login(key, {}, renamed('webauthn-sk-ecdsa-sha2-nistp256@openssh.com'))])
  for (const [what, error, made] of bad) invalid.push({ what: `${type}: ${what}`, error, login: base64(made) })
}

for (const [name, list] of [
  ['valid', valid],
  ['invalid', invalid],
] as const)
  writeFileSync(join(import.meta.dirname, `${name}.json`), `${JSON.stringify(list, null, 1)}\n`)
