// The one door to node:crypto for the whole project: hashes, signatures, randomness and constant-time comparison are
// audited here and nowhere else (enforced by the import rules).
import { Buffer } from 'node:buffer'
import * as crypto from 'node:crypto'

export type PublicKey = crypto.KeyObject
export type PrivateKey = crypto.KeyObject

export function sha256(...parts: readonly (Uint8Array | string)[]): Buffer {
  const hash = crypto.createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export function sha512(...parts: readonly (Uint8Array | string)[]): Buffer {
  const hash = crypto.createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** For git's object ids alone: no signature or digest of ours is SHA-1. */
export function sha1Hex(...parts: readonly (Uint8Array | string)[]): string {
  const hash = crypto.createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

export function sha256Hex(text: Uint8Array | string): string {
  return crypto.hash('sha256', text, 'hex')
}

export function hmacSha256(key: Uint8Array, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const mac = crypto.createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

/** Equal without leaking where they differ. Lengths are not secret. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && crypto.timingSafeEqual(a, b)
}

export function randomBytes(n: number): Buffer {
  return crypto.randomBytes(n)
}

/** A random UUID (RFC 9562, version 4). */
export function randomUuid(): string {
  return crypto.randomUUID()
}

/** An opaque secret of 256 random bits as 43 base64url characters. */
export function randomSecret(): string {
  return crypto.randomBytes(32).toString('base64url')
}

const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')
const SPKI_P256 = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** An Ed25519 public key from its 32 raw bytes (RFC 8032), or undefined when they are no key. */
export function ed25519PublicKey(raw: Uint8Array): PublicKey | undefined {
  if (raw.length !== 32) return undefined
  return spki(Buffer.concat([SPKI_ED25519, raw]))
}

/** A P-256 public key from an uncompressed point (SEC 1 section 2.3.3), or undefined when it is not on the curve. */
export function p256PublicKey(point: Uint8Array): PublicKey | undefined {
  if (point.length !== 65 || point[0] !== 4) return undefined
  return spki(Buffer.concat([SPKI_P256, point]))
}

/** Any public key from SubjectPublicKeyInfo DER, or undefined. */
export function spki(der: Uint8Array): PublicKey | undefined {
  try {
    return crypto.createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

/** A public key from a JWK, or undefined. */
export function jwkPublicKey(jwk: crypto.JsonWebKey): PublicKey | undefined {
  try {
    return crypto.createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** An Ed25519 private key from its 32-byte seed. */
export function ed25519PrivateKey(seed: Uint8Array): PrivateKey {
  return crypto.createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' })
}

/** The 32 raw bytes of the public half of an Ed25519 key. */
export function ed25519Raw(key: PublicKey | PrivateKey): Buffer {
  const half = key.type === 'private' ? crypto.createPublicKey(key) : key
  return half.export({ format: 'der', type: 'spki' }).subarray(SPKI_ED25519.length)
}

export function signEd25519(key: PrivateKey, message: Uint8Array): Buffer {
  return crypto.sign(null, message, key)
}

export function verifyEd25519(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.asymmetricKeyType !== 'ed25519' || signature.length !== 64) return false
  return crypto.verify(null, message, key, signature)
}

/** ECDSA with SHA-256 over P-256; the signature is r || s, 32 bytes each (IEEE P1363). */
export function verifyP256(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1' || signature.length !== 64) return false
  return crypto.verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

/** RSASSA-PKCS1-v1_5 with SHA-256, as COSE's RS256 has it. */
export function verifyRs256(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  return key.asymmetricKeyType === 'rsa' && crypto.verify('sha256', message, key, signature)
}

const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex')
const SPKI_ML_KEM_768 = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex')

/** One side of X25519 (RFC 7748 section 6.1) with a fresh key; undefined for a peer's value that gives no secret. */
export function agreeX25519(peer: Uint8Array): { secret: Buffer; publicValue: Buffer } | undefined {
  const theirs = peer.length === 32 ? spki(Buffer.concat([SPKI_X25519, peer])) : undefined
  if (!theirs) return undefined
  const ours = crypto.generateKeyPairSync('x25519')
  try {
    const secret = crypto.diffieHellman({ privateKey: ours.privateKey, publicKey: theirs })
    if (secret.every((byte) => byte === 0)) return undefined
    const publicValue = ours.publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_X25519.length)
    return { secret, publicValue }
  } catch {
    return undefined // a point of small order
  }
}

/** A secret for the holder of an ML-KEM-768 key (FIPS 203, encapsulation); undefined for bytes that are no such key. */
export function encapsulateMlKem768(
  publicKey: Uint8Array,
): { secret: Buffer; ciphertext: Buffer } | undefined {
  const key = publicKey.length === 1184 ? spki(Buffer.concat([SPKI_ML_KEM_768, publicKey])) : undefined
  if (!key) return undefined
  try {
    const { sharedKey, ciphertext } = crypto.encapsulate(key)
    return { secret: sharedKey, ciphertext }
  } catch {
    return undefined
  }
}

export type SecretKey = crypto.KeyObject

/** A key of AES, made once for all that it seals: a cipher begins three times as fast with it as with its bytes. */
export function aesKey(bytes: Uint8Array): SecretKey {
  return crypto.createSecretKey(bytes)
}

/** AES-GCM with a tag of 16 bytes: what is encrypted, and the tag. */
export function sealAesGcm(
  key: SecretKey,
  nonce: Uint8Array,
  open: Uint8Array,
  secret: Uint8Array,
): readonly [Buffer, Buffer] {
  const cipher = crypto.createCipheriv(gcm(key), key, nonce)
  cipher.setAAD(open)
  const sealed = cipher.update(secret)
  cipher.final()
  return [sealed, cipher.getAuthTag()]
}

/** The inverse; undefined when anything was changed. */
export function openAesGcm(
  key: SecretKey,
  nonce: Uint8Array,
  open: Uint8Array,
  sealed: Uint8Array,
  tag: Uint8Array,
): Buffer | undefined {
  const cipher = crypto.createDecipheriv(gcm(key), key, nonce, {
    authTagLength: 16,
  })
  cipher.setAAD(open)
  cipher.setAuthTag(tag)
  try {
    const secret = cipher.update(sealed)
    cipher.final()
    return secret
  } catch {
    return undefined
  }
}

const gcm = (key: SecretKey): 'aes-128-gcm' | 'aes-256-gcm' =>
  key.symmetricKeySize === 16 ? 'aes-128-gcm' : 'aes-256-gcm'
