import { Buffer } from 'node:buffer'
import { Cursor, sshString } from '../bytes.ts'
import {
  ed25519PrivateKey,
  ed25519PublicKey,
  ed25519Raw,
  type PrivateKey,
  signEd25519,
  verifyEd25519,
} from '../crypto.ts'
import { HOST_KEY } from './kexinit.ts'
import { fingerprint } from './public-key.ts'

// RFC 8709: the key is  string "ssh-ed25519", string 32 bytes; a signature  string "ssh-ed25519", string 64 bytes.

/** A key by which the gateway proves itself to ssh. */
export interface HostKey {
  readonly blob: Buffer
  /** `SHA256:…`, as ssh shows it on the first connection. */
  readonly fingerprint: string
  /** `ssh-ed25519 AAAA…`, as in known_hosts. */
  readonly line: string
  /** A signature blob. */
  sign(message: Uint8Array): Buffer
}

export function hostKey(seed: Uint8Array): HostKey {
  const key: PrivateKey = ed25519PrivateKey(seed)
  const blob = Buffer.concat([sshString(HOST_KEY), sshString(ed25519Raw(key))])
  return {
    blob,
    fingerprint: fingerprint(blob),
    line: `${HOST_KEY} ${blob.toString('base64')}`,
    sign: (message) => Buffer.concat([sshString(HOST_KEY), sshString(signEd25519(key, message))]),
  }
}

/** Whether `signature` is the host's over `message`: for a session id, that this host was in that exchange. */
export function verifyHostSignature(blob: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  try {
    const key = new Cursor(blob)
    const sig = new Cursor(signature)
    if (key.string().toString('latin1') !== HOST_KEY || sig.string().toString('latin1') !== HOST_KEY)
      return false
    const point = ed25519PublicKey(key.string())
    const raw = sig.string()
    key.end()
    sig.end()
    return point !== undefined && verifyEd25519(point, message, raw)
  } catch {
    return false
  }
}
