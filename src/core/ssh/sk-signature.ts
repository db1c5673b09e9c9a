import { Cursor, sshString, u32 } from '../bytes.ts'
import { sha256, verifyEd25519, verifyP256 } from '../crypto.ts'
import { err, ok, type Result } from '../result.ts'
import { readEcdsaPair, writeEcdsaPair } from './mpint.ts'
import { SK_ECDSA, SK_ED25519, type SkPublicKey } from './public-key.ts'

// OpenSSH PROTOCOL.u2f, "SSH U2F signatures". In a signature blob:
//   string "sk-ssh-ed25519@openssh.com" | "sk-ecdsa-sha2-nistp256@openssh.com" | "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"
//   string signature (ed25519: 64 bytes; ecdsa: mpint r, mpint s)
//   byte flags, uint32 counter
//   webauthn only: string origin, string clientData, string extensions

export const WEBAUTHN_SK_ECDSA = 'webauthn-sk-ecdsa-sha2-nistp256@openssh.com'

/** User present and user verified (CTAP2 authenticator data flags), attested data and extension data included. */
export const FLAG_UP = 0x01
export const FLAG_UV = 0x04
export const FLAG_AT = 0x40
export const FLAG_ED = 0x80

export interface SkSignature {
  readonly flags: number
  readonly counter: number
  /** 64 bytes: an Ed25519 signature, or r || s. */
  readonly raw: Uint8Array
  /** Set for a WebAuthn assertion in SSH clothes. */
  readonly webauthn: {
    readonly origin: string
    readonly clientData: Uint8Array
    readonly extensions: Uint8Array
  } | null
}

export type SignatureError =
  | 'malformed'
  | 'wrong-algorithm'
  | 'bad-signature'
  | 'wrong-origin'
  | 'wrong-challenge'

/** What a signature that holds says. Whether that is enough is the caller's judgement. */
export interface Verified {
  readonly flags: number
  readonly counter: number
  readonly up: boolean
  readonly uv: boolean
  /** Origin of a WebAuthn assertion; null for a signature made by ssh-keygen. */
  readonly origin: string | null
}

/** Parse a signature blob made by `key`; its algorithm must be the key's own, or the WebAuthn one of an ECDSA key. */
export function parseSkSignature(blob: Uint8Array, key: SkPublicKey): Result<SkSignature, SignatureError> {
  try {
    const cursor = new Cursor(blob) // attacker-controlled
    const algorithm = cursor.string().toString('latin1')
    const webauthn = algorithm === WEBAUTHN_SK_ECDSA && key.type === SK_ECDSA
    if (algorithm !== key.type && !webauthn) return err('wrong-algorithm')
    const signature = cursor.string()
    const raw = key.type === SK_ED25519 ? signature : readEcdsaPair(signature)
    if (raw?.length !== 64) return err('malformed')
    const flags = cursor.u8()
    const counter = cursor.u32()
    const extra = webauthn
      ? { origin: cursor.string().toString('utf8'), clientData: cursor.string(), extensions: cursor.string() }
      : null
    cursor.end()
    return ok({ flags, counter, raw, webauthn: extra })
  } catch {
    return err('malformed')
  }
}

export function writeSkSignature(signature: SkSignature, key: Pick<SkPublicKey, 'type'>): Buffer {
  const { raw, flags, counter, webauthn } = signature
  return Buffer.concat([
    sshString(webauthn ? WEBAUTHN_SK_ECDSA : key.type),
    sshString(key.type === SK_ED25519 ? raw : writeEcdsaPair(raw)),
    Buffer.from([flags]),
    u32(counter),
    ...(webauthn
      ? [sshString(webauthn.origin), sshString(webauthn.clientData), sshString(webauthn.extensions)]
      : []),
  ])
}

/** Check a signature blob over `message`. A WebAuthn one must carry exactly `expectedOrigin`; null expects none. */
export function verifySkSignature(
  key: SkPublicKey,
  blob: Uint8Array,
  message: Uint8Array,
  expectedOrigin: string | null,
): Result<Verified, SignatureError> {
  const parsed = parseSkSignature(blob, key)
  if (!parsed.ok) return parsed
  const { flags, counter, raw, webauthn } = parsed.value
  if (webauthn) {
    if (expectedOrigin === null || webauthn.origin !== expectedOrigin) return err('wrong-origin')
    if (!clientDataHolds(webauthn.clientData, message, expectedOrigin)) return err('wrong-challenge')
    // OpenSSH accepts no attested credential data, and extension bytes exactly when the flag says so.
    if (flags & FLAG_AT || webauthn.extensions.length > 0 !== ((flags & FLAG_ED) !== 0))
      return err('malformed')
  }
  const signed = Buffer.concat([
    sha256(key.application),
    Buffer.from([flags]),
    u32(counter),
    ...(webauthn ? [webauthn.extensions, sha256(webauthn.clientData)] : [sha256(message)]),
  ])
  const holds =
    key.type === SK_ED25519 ? verifyEd25519(key.key, signed, raw) : verifyP256(key.key, signed, raw)
  if (!holds) return err('bad-signature')
  return ok({
    flags,
    counter,
    up: (flags & FLAG_UP) !== 0,
    uv: (flags & FLAG_UV) !== 0,
    origin: webauthn?.origin ?? null,
  })
}

/**
 * Client data as WebAuthn Level 3 section 5.8.1.1 serialises it: type, challenge and origin first and in this order
 * (the limited verification of section 5.8.1.2). A cross-origin ceremony is refused.
 */
function clientDataHolds(clientData: Uint8Array, challenge: Uint8Array, origin: string): boolean {
  const text = Buffer.from(clientData).toString('utf8')
  const start = `{"type":"webauthn.get","challenge":"${Buffer.from(challenge).toString('base64url')}","origin":${JSON.stringify(origin)},"crossOrigin":false`
  return text.startsWith(start) && (text.charAt(start.length) === '}' || text.charAt(start.length) === ',')
}
