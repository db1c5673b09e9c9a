import { Buffer } from 'node:buffer'
import { Cursor, sshString } from '../bytes.ts'
import { err, ok, type Result } from '../result.ts'
import { MSG } from './message.ts'
import { fingerprint, type KeyError, parsePublicKey, type SkPublicKey } from './public-key.ts'
import { type Verified, verifySkSignature } from './sk-signature.ts'

// RFC 4252 section 7, and OpenSSH PROTOCOL section 3.1 for the method that names the host key:
//   byte SSH_MSG_USERAUTH_REQUEST, string user, string "ssh-connection", string "publickey" | "publickey-hostbound-v00@openssh.com",
//   boolean has_signature, string algorithm, string key blob, [string host key,] [string signature]
// What is signed: string session id, then the request up to the signature.

export const PUBLICKEY = 'publickey'
/** The signed text names the host key, too: it proves nothing to another host. */
export const PUBLICKEY_HOSTBOUND = 'publickey-hostbound-v00@openssh.com'

export interface KeyOffer {
  readonly algorithm: string
  readonly blob: Buffer
  /** Set by the method that binds the host key. */
  readonly hostKey: Buffer | null
  readonly signature: Buffer | null
  /** The request without its signature. */
  readonly unsigned: Buffer
}

export interface AuthRequest {
  readonly user: string
  readonly service: string
  readonly method: string
  /** Null for every other method: what is in it is not looked at. */
  readonly offer: KeyOffer | null
}

export function parseAuthRequest(payload: Buffer): Result<AuthRequest, 'malformed'> {
  try {
    const cursor = new Cursor(payload) // attacker-controlled
    if (cursor.u8() !== MSG.authRequest) return err('malformed')
    const user = cursor.string().toString('utf8')
    const service = cursor.string().toString('latin1')
    const method = cursor.string().toString('latin1')
    if (method !== PUBLICKEY && method !== PUBLICKEY_HOSTBOUND)
      return ok({ user, service, method, offer: null })
    const signs = cursor.u8() !== 0
    const algorithm = cursor.string().toString('latin1')
    const blob = cursor.string()
    const hostKey = method === PUBLICKEY_HOSTBOUND ? cursor.string() : null
    const unsigned = payload.subarray(0, cursor.at)
    const signature = signs ? cursor.string() : null
    cursor.end()
    return ok({ user, service, method, offer: { algorithm, blob, hostKey, signature, unsigned } })
  } catch {
    return err('malformed')
  }
}

/** The bytes that a key signs to sign in. */
export function signedLogin(sessionId: Uint8Array, unsigned: Uint8Array): Buffer {
  return Buffer.concat([sshString(sessionId), unsigned])
}

export type OfferError =
  | { readonly key: KeyError }
  | 'wrong-algorithm' // the request names another algorithm than its key has
  | 'wrong-host-key' // it is bound to another host

/** The key of an offer, when it is a security key that is offered as what it is, to this very host. */
export function offeredKey(offer: KeyOffer, hostKey: Uint8Array): Result<SkPublicKey, OfferError> {
  const key = parsePublicKey(offer.blob)
  if (!key.ok) return err({ key: key.error })
  if (offer.algorithm !== key.value.type) return err('wrong-algorithm')
  if (offer.hostKey && !offer.hostKey.equals(hostKey)) return err('wrong-host-key')
  return ok(key.value)
}

/** A sign-in as it is kept: what was signed, the signature, and the host's own signature over the same exchange. */
export interface Login {
  /** Exchange hash of the connection's first key exchange. */
  readonly sessionId: Uint8Array
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  readonly hostKey: Uint8Array
  /** Signature blob of the host key over the session id. */
  readonly hostSignature: Uint8Array
}

export type LoginError = 'malformed' | 'wrong-session' | OfferError | { readonly signature: string }

export interface CheckedLogin extends Verified {
  readonly key: SkPublicKey
  readonly user: string
}

/**
 * Read a kept sign-in anew, as anybody can: the signature is by a security key, over exactly this session and this host key.
 * Whether its flags are enough is the caller's judgement. A signature made in a browser is none.
 */
export function checkLogin(login: Login): Result<CheckedLogin, LoginError> {
  let unsigned: Buffer
  try {
    const cursor = new Cursor(login.signed)
    if (!cursor.string().equals(login.sessionId)) return err('wrong-session')
    unsigned = cursor.rest()
  } catch {
    return err('malformed')
  }
  // With its signature behind it, it is a request as it came.
  const request = parseAuthRequest(Buffer.concat([unsigned, sshString(login.signature)]))
  if (!request.ok || request.value.service !== 'ssh-connection' || !request.value.offer?.signature)
    return err('malformed')
  const key = offeredKey(request.value.offer, login.hostKey)
  if (!key.ok) return key
  const verified = verifySkSignature(key.value, login.signature, login.signed, null)
  if (!verified.ok) return err({ signature: verified.error })
  return ok({ ...verified.value, key: key.value, user: request.value.user })
}

/** What a key that is not taken is called, for the log. */
export function describeOffer({ blob, algorithm }: KeyOffer): string {
  return `${algorithm.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 64)} ${fingerprint(blob)}`
}
