import { Cursor, fromBase64, sshString } from '../bytes.ts'
import { ed25519PublicKey, type PublicKey, p256PublicKey, sha256 } from '../crypto.ts'
import { err, ok, type Result } from '../result.ts'

// Key blobs of security keys, OpenSSH PROTOCOL.u2f section "SSH U2F Key formats":
//   string "sk-ssh-ed25519@openssh.com"          string "sk-ecdsa-sha2-nistp256@openssh.com"
//   string public key (32 bytes)                  string "nistp256"
//   string application                            string Q (65 bytes, uncompressed)
//                                                 string application

export const SK_ED25519 = 'sk-ssh-ed25519@openssh.com'
export const SK_ECDSA = 'sk-ecdsa-sha2-nistp256@openssh.com'
export type SkKeyType = typeof SK_ED25519 | typeof SK_ECDSA

/** A FIDO2 key as OpenSSH writes it. */
export interface SkPublicKey {
  readonly type: SkKeyType
  readonly key: PublicKey
  /** What WebAuthn calls the RP ID: `ssh:` and more for keys made by ssh-keygen. */
  readonly application: string
  readonly blob: Uint8Array
  /** `SHA256:` and unpadded base64 of the blob's digest, as ssh-keygen prints it. */
  readonly fingerprint: string
}

export type KeyError =
  | { readonly kind: 'malformed' }
  | { readonly kind: 'not-a-security-key'; readonly type: string }
const MALFORMED: KeyError = { kind: 'malformed' }

/** Parse a key blob. Anything but the two FIDO2 types is named and refused. */
export function parsePublicKey(blob: Uint8Array): Result<SkPublicKey, KeyError> {
  try {
    const cursor = new Cursor(blob) // attacker-controlled
    const type = cursor.string().toString('latin1')
    if (type !== SK_ED25519 && type !== SK_ECDSA) {
      return err(/^[a-z0-9@.-]{1,64}$/.test(type) ? { kind: 'not-a-security-key', type } : MALFORMED)
    }
    if (type === SK_ECDSA && cursor.string().toString('latin1') !== 'nistp256') return err(MALFORMED)
    const point = cursor.string()
    const key = type === SK_ED25519 ? ed25519PublicKey(point) : p256PublicKey(point)
    const application = cursor.string().toString('utf8')
    cursor.end()
    if (key === undefined || !/^[\x21-\x7e]{1,255}$/.test(application)) return err(MALFORMED)
    return ok({ type, key, application, blob, fingerprint: fingerprint(blob) })
  } catch {
    return err(MALFORMED)
  }
}

/** The blob of an ECDSA security key from its point; `application` is the RP ID of a passkey. */
export function writeEcdsaSkKey(point: Uint8Array, application: string): Buffer {
  return Buffer.concat([sshString(SK_ECDSA), sshString('nistp256'), sshString(point), sshString(application)])
}

/** Parse one line of a `.pub` file: type, base64, optional comment. */
export function parsePublicKeyLine(
  line: string,
): Result<SkPublicKey & { readonly comment: string }, KeyError> {
  // `line` is attacker-controlled.
  const match = /^([a-z0-9@.-]{1,64}) ([A-Za-z0-9+/]{1,4096}={0,2})(?: ([^\r\n]{0,256}))?\r?\n?$/.exec(line)
  const blob = match ? fromBase64(match[2]!) : undefined
  if (!match || !blob) return err(MALFORMED)
  const parsed = parsePublicKey(blob)
  if (!parsed.ok) return parsed
  return parsed.value.type === match[1]
    ? ok({ ...parsed.value, comment: match[3]?.trim() ?? '' })
    : err(MALFORMED)
}

/** `type base64`, without a comment. */
export function writePublicKeyLine({ type, blob }: Pick<SkPublicKey, 'type' | 'blob'>): string {
  return `${type} ${Buffer.from(blob).toString('base64')}`
}

export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${sha256(blob).toString('base64').replace(/=+$/, '')}`
}
