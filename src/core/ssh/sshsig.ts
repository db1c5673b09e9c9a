import { Cursor, sshString, u32 } from '../bytes.ts'
import { sha256, sha512 } from '../crypto.ts'
import { err, ok, type Result } from '../result.ts'
import { type KeyError, parsePublicKey, type SkPublicKey } from './public-key.ts'
import { type SignatureError, type Verified, verifySkSignature } from './sk-signature.ts'

// OpenSSH PROTOCOL.sshsig. The armored blob:
//   byte[6] "SSHSIG", uint32 version 1, string publickey, string namespace, string reserved, string hash, string signature
// What is signed:
//   byte[6] "SSHSIG", string namespace, string reserved, string hash, string H(message)

const MAGIC = Buffer.from('SSHSIG')
const BEGIN = '-----BEGIN SSH SIGNATURE-----'
const END = '-----END SSH SIGNATURE-----'
/** Far above any real signature; a WebAuthn one carries its client data. */
const MAX_ARMORED = 16 * 1024

/** Namespace of the proof that a pasted key is held; never `git`, so that it is no push certificate. */
export const SSH_KEY_NAMESPACE = 'ssh-key@countersign'

export type HashName = 'sha256' | 'sha512'

export interface Sshsig {
  readonly publicKey: Uint8Array
  readonly namespace: string
  readonly hash: HashName
  readonly signature: Uint8Array
}

/** Parse an SSHSIG blob. Version, empty reserved field and hash are as PROTOCOL.sshsig demands. */
export function parseSshsig(blob: Uint8Array): Result<Sshsig, 'malformed'> {
  try {
    const cursor = new Cursor(blob) // attacker-controlled
    if (!cursor.take(6).equals(MAGIC) || cursor.u32() !== 1) return err('malformed')
    const publicKey = cursor.string()
    const namespace = cursor.string().toString('latin1')
    const reserved = cursor.string()
    const hash = cursor.string().toString('latin1')
    const signature = cursor.string()
    cursor.end()
    if (reserved.length !== 0 || !/^[\x21-\x7e]+$/.test(namespace)) return err('malformed')
    if (hash !== 'sha256' && hash !== 'sha512') return err('malformed')
    return ok({ publicKey, namespace, hash, signature })
  } catch {
    return err('malformed')
  }
}

export function writeSshsig({ publicKey, namespace, hash, signature }: Sshsig): Buffer {
  return Buffer.concat([
    MAGIC,
    u32(1),
    sshString(publicKey),
    sshString(namespace),
    sshString(''),
    sshString(hash),
    sshString(signature),
  ])
}

/** The bytes a key signs for `message`; for a passkey they are the WebAuthn challenge. */
export function signedData(namespace: string, hash: HashName, message: Uint8Array): Buffer {
  const digest = hash === 'sha512' ? sha512(message) : sha256(message)
  return Buffer.concat([MAGIC, sshString(namespace), sshString(''), sshString(hash), sshString(digest)])
}

/** Armor as ssh-keygen writes it: lines of 70 characters, final LF. */
export function armor(blob: Uint8Array): string {
  const lines =
    Buffer.from(blob)
      .toString('base64')
      .match(/.{1,70}/g) ?? []
  return `${BEGIN}\n${lines.join('\n')}\n${END}\n`
}

/** The blob inside an armor, or undefined. Only what {@link armor} would write again is accepted: one text per signature. */
export function dearmor(text: string): Buffer | undefined {
  // `text` is attacker-controlled.
  if (text.length > MAX_ARMORED || !text.startsWith(`${BEGIN}\n`) || !text.endsWith(`\n${END}\n`))
    return undefined
  const blob = Buffer.from(text.slice(BEGIN.length + 1, -END.length - 2), 'base64')
  return armor(blob) === text ? blob : undefined
}

export type SshsigError =
  | 'malformed'
  | 'wrong-namespace'
  | { readonly key: KeyError }
  | { readonly signature: SignatureError }

export interface VerifiedSshsig extends Verified {
  readonly key: SkPublicKey
}

/**
 * Verify an armored signature by a security key over `message`. UP and UV are decoded from the signature and returned:
 * `ssh-keygen -Y verify` ignores them, so they must be judged by the caller.
 */
export function verifySshsig(
  armored: string,
  message: Uint8Array,
  namespace: string,
  expectedOrigin: string | null,
): Result<VerifiedSshsig, SshsigError> {
  const blob = dearmor(armored)
  const sig = blob ? parseSshsig(blob) : undefined
  if (!sig?.ok) return err('malformed')
  if (sig.value.namespace !== namespace) return err('wrong-namespace')
  const key = parsePublicKey(sig.value.publicKey)
  if (!key.ok) return err({ key: key.error })
  const verified = verifySkSignature(
    key.value,
    sig.value.signature,
    signedData(namespace, sig.value.hash, message),
    expectedOrigin,
  )
  return verified.ok ? ok({ ...verified.value, key: key.value }) : err({ signature: verified.error })
}
