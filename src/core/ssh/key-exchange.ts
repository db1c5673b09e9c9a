import { Buffer } from 'node:buffer'
import { Cursor, sshString } from '../bytes.ts'
import { agreeX25519, encapsulateMlKem768, sha256 } from '../crypto.ts'
import { err, ok, type Result } from '../result.ts'
import { type Kex, ML_KEM } from './kexinit.ts'
import { MSG } from './message.ts'
import { mpint } from './mpint.ts'

// RFC 8731 (curve25519-sha256) and draft-ietf-sshm-mlkem-hybrid-kex (mlkem768x25519-sha256), both in the frame of RFC 5656
// section 4:
//   client: byte SSH_MSG_KEX_ECDH_INIT, string Q_C  |  C_INIT = ML-KEM public key (1184) || X25519 (32)
//   server: byte SSH_MSG_KEX_ECDH_REPLY, string host key, string Q_S | S_REPLY = ciphertext (1088) || X25519 (32), string signature

const ML_KEM_KEY = 1184

/** What the server answers, and the secret K as it is hashed: an mpint, of the hybrid a string. */
export interface Share {
  readonly value: Buffer
  readonly secret: Buffer
}

export function parseEcdhInit(payload: Uint8Array): Result<Buffer, 'malformed'> {
  try {
    const cursor = new Cursor(payload) // attacker-controlled
    if (cursor.u8() !== MSG.ecdhInit) return err('malformed')
    const value = cursor.string()
    cursor.end()
    return ok(value)
  } catch {
    return err('malformed')
  }
}

/** The server's half; undefined for a value of the client that is no key. */
export function share(kex: Kex, client: Uint8Array): Share | undefined {
  if (kex !== ML_KEM) {
    const agreed = agreeX25519(client)
    return agreed && { value: agreed.publicValue, secret: sshString(mpint(agreed.secret)) }
  }
  if (client.length !== ML_KEM_KEY + 32) return undefined
  const capsule = encapsulateMlKem768(client.subarray(0, ML_KEM_KEY))
  const agreed = agreeX25519(client.subarray(ML_KEM_KEY))
  if (!capsule || !agreed) return undefined
  return {
    value: Buffer.concat([capsule.ciphertext, agreed.publicValue]),
    secret: sshString(sha256(capsule.secret, agreed.secret)),
  }
}

/** Everything that both sides saw of an exchange. */
export interface Transcript {
  readonly clientVersion: string
  readonly serverVersion: string
  readonly clientInit: Uint8Array
  readonly serverInit: Uint8Array
  readonly hostKey: Uint8Array
  readonly clientValue: Uint8Array
  readonly share: Share
}

/** H (RFC 5656 section 4); of the first exchange it is the session id. */
export function exchangeHash(seen: Transcript): Buffer {
  return sha256(
    sshString(Buffer.from(seen.clientVersion, 'latin1')),
    sshString(Buffer.from(seen.serverVersion, 'latin1')),
    sshString(seen.clientInit),
    sshString(seen.serverInit),
    sshString(seen.hostKey),
    sshString(seen.clientValue),
    sshString(seen.share.value),
    seen.share.secret,
  )
}

/** RFC 4253 section 7.2: `letter` A to D are nonces and keys, to the server and to the client. */
export function deriveKey(
  secret: Uint8Array,
  hash: Uint8Array,
  session: Uint8Array,
  letter: 'A' | 'B' | 'C' | 'D',
  length: number,
): Buffer {
  let out = sha256(secret, hash, letter, session)
  while (out.length < length) out = Buffer.concat([out, sha256(secret, hash, out)])
  return out.subarray(0, length)
}
