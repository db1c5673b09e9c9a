import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { Cursor, sshString, u32 } from '../../src/core/bytes.ts'
import { p1363FromDer } from '../../src/core/ssh/ecdsa-der.ts'
import {
  fingerprint,
  SK_ECDSA,
  SK_ED25519,
  type SkKeyType,
  writeEcdsaSkKey,
} from '../../src/core/ssh/public-key.ts'
import { writeSkSignature } from '../../src/core/ssh/sk-signature.ts'

// An ssh-agent (draft-ietf-sshm-ssh-agent) that holds FIDO2 keys in software: stock ssh-keygen and git use it through
// SSH_AUTH_SOCK. Flags, counter and denial are plain fields, which no real key would let a test set.

const FAILURE = 5
const REQUEST_IDENTITIES = 11
const IDENTITIES_ANSWER = 12
const SIGN_REQUEST = 13
const SIGN_RESPONSE = 14

export interface SoftKey {
  readonly type: SkKeyType
  readonly application: string
  readonly blob: Buffer
  readonly fingerprint: string
  /** Line of a `.pub` file. */
  readonly line: string
  /** Path of the `.pub` file, for `user.signingkey`. */
  readonly path: string
  /** Set before a signature: 0x01 touched, 0x04 verified. */
  flags: number
  counter: number
  /** When true the key refuses, as one that nobody touches. */
  denied: boolean
  /** A signature blob over `message`, as the agent would return it. */
  sign(message: Uint8Array): Buffer
}

export interface SkAgent {
  readonly socket: string
  addKey(type: 'ed25519-sk' | 'ecdsa-sk', name: string): SoftKey
  close(): void
}

export function softKey(type: SkKeyType, path: string, application = 'ssh:'): SoftKey {
  const pair =
    type === SK_ED25519 ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const blob = publicBlob(type, pair.publicKey, application)
  const line = `${type} ${blob.toString('base64')} soft`
  return {
    type,
    application,
    blob,
    fingerprint: fingerprint(blob),
    line,
    path,
    flags: 0x01,
    counter: 1,
    denied: false,
    sign(message) {
      const data = Buffer.concat([
        sha256(application),
        Buffer.from([this.flags]),
        u32(this.counter),
        sha256(message),
      ])
      const raw =
        type === SK_ED25519
          ? sign(null, data, pair.privateKey)
          : p1363FromDer(sign('sha256', data, pair.privateKey))!
      const signature = writeSkSignature(
        { flags: this.flags, counter: this.counter, raw, webauthn: null },
        { type },
      )
      this.counter++
      return signature
    },
  }
}

export async function startAgent(dir: string): Promise<SkAgent> {
  const socket = join(dir, 'agent.sock')
  rmSync(socket, { force: true })
  const keys: SoftKey[] = []
  const server = createServer((peer) => serve(peer, keys))
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  server.unref()
  return {
    socket,
    addKey(kind, name) {
      const key = softKey(kind === 'ed25519-sk' ? SK_ED25519 : SK_ECDSA, join(dir, `${name}.pub`))
      writeFileSync(key.path, `${key.line}\n`)
      keys.push(key)
      return key
    },
    close: () => void (server as Server).close(),
  }
}

function serve(peer: Socket, keys: readonly SoftKey[]): void {
  let pending = Buffer.alloc(0)
  peer.on('error', () => {})
  peer.unref()
  peer.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
      const size = pending.readUInt32BE(0)
      peer.write(sshString(answer(pending.subarray(4, 4 + size), keys)))
      pending = pending.subarray(4 + size)
    }
  })
}

function answer(message: Buffer, keys: readonly SoftKey[]): Buffer {
  const cursor = new Cursor(message)
  const type = cursor.u8()
  if (type === REQUEST_IDENTITIES) {
    return Buffer.concat([
      Buffer.from([IDENTITIES_ANSWER]),
      u32(keys.length),
      ...keys.flatMap(({ blob }) => [sshString(blob), sshString('soft')]),
    ])
  }
  if (type === SIGN_REQUEST) {
    const blob = cursor.string()
    const data = cursor.string()
    const key = keys.find((candidate) => candidate.blob.equals(blob))
    if (key && !key.denied) return Buffer.concat([Buffer.from([SIGN_RESPONSE]), sshString(key.sign(data))])
  }
  return Buffer.from([FAILURE])
}

function publicBlob(type: SkKeyType, key: KeyObject, application: string): Buffer {
  const jwk = key.export({ format: 'jwk' })
  const x = Buffer.from(jwk.x!, 'base64url')
  if (type === SK_ED25519) return Buffer.concat([sshString(type), sshString(x), sshString(application)])
  return writeEcdsaSkKey(Buffer.concat([Buffer.from([4]), x, Buffer.from(jwk.y!, 'base64url')]), application)
}

function sha256(data: Uint8Array | string): Buffer {
  return createHash('sha256').update(data).digest()
}
