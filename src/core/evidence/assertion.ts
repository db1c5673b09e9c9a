import { fromBase64url } from '../bytes.ts'
import {
  ed25519PublicKey,
  jwkPublicKey,
  type PublicKey,
  p256PublicKey,
  sha256,
  verifyEd25519,
  verifyP256,
  verifyRs256,
} from '../crypto.ts'
import { err, ok, type Result } from '../result.ts'
import { es256Point } from '../ssh/cose-es256.ts'
import { p1363FromDer } from '../ssh/ecdsa-der.ts'
import { FLAG_UP, FLAG_UV } from '../ssh/sk-signature.ts'

/** A WebAuthn assertion as the record keeps it, each part in base64url. */
export interface RecordedAssertion {
  readonly authenticatorData: string
  readonly clientDataJSON: string
  readonly signature: string
}

/** Who must have signed what, where. */
export interface ExpectedAssertion {
  /** The credential's COSE_Key. */
  readonly cose: Uint8Array
  readonly challenge: Uint8Array
  readonly origin: string
  readonly rpId: string
}

export type AssertionFault = 'malformed' | 'unknown-key' | 'wrong-site' | 'bad-signature'

/** What an assertion that holds says of the touch. */
export interface AssertedFlags {
  readonly up: boolean
  readonly uv: boolean
  readonly counter: number
}

/**
 * Check an assertion as the record keeps it (WebAuthn Level 3 section 7.2, steps 11 to 23 without what needs a session). UP
 * and UV are decoded, and the caller's to judge.
 */
export function checkAssertion(
  assertion: RecordedAssertion,
  { cose, challenge, origin, rpId }: ExpectedAssertion,
): Result<AssertedFlags, AssertionFault> {
  const [authData, clientData, signature] = [
    assertion.authenticatorData,
    assertion.clientDataJSON,
    assertion.signature,
  ].map(fromBase64url) // attacker-controlled
  if (!authData || !clientData || !signature || authData.length < 37) return err('malformed')
  if (!clientDataFits(clientData, Buffer.from(challenge).toString('base64url'), origin))
    return err('wrong-site')
  if (!authData.subarray(0, 32).equals(sha256(rpId))) return err('wrong-site')
  const verify = coseVerifier(cose)
  if (!verify) return err('unknown-key')
  if (!verify(Buffer.concat([authData, sha256(clientData)]), signature)) return err('bad-signature')
  const flags = authData.readUInt8(32)
  return ok({
    up: (flags & FLAG_UP) !== 0,
    uv: (flags & FLAG_UV) !== 0,
    counter: authData.readUInt32BE(33),
  })
}

function clientDataFits(bytes: Buffer, challenge: string, origin: string): boolean {
  try {
    const data = JSON.parse(bytes.toString('utf8')) as { readonly [key: string]: unknown } | null
    return (
      data?.['type'] === 'webauthn.get' &&
      data['challenge'] === challenge &&
      data['origin'] === origin &&
      (data['crossOrigin'] === undefined || data['crossOrigin'] === false) &&
      data['topOrigin'] === undefined
    )
  } catch {
    return false
  }
}

// COSE keys in CTAP2 canonical CBOR: {1: 1 (OKP), 3: -8 (EdDSA), -1: 6 (Ed25519), -2: x} and, with 2048 bits and the usual
// exponent, {1: 3 (RSA), 3: -257 (RS256), -1: n, -2: e} (RFC 9053 section 7.2, RFC 8230 section 4).
const EDDSA = /^a4010103272006215820([0-9a-f]{64})$/
const RS256 = /^a401030339010020590100([0-9a-f]{512})2143010001$/

type Verify = (message: Uint8Array, signature: Uint8Array) => boolean

function coseVerifier(cose: Uint8Array): Verify | undefined {
  const point = es256Point(cose)
  if (point)
    return over(p256PublicKey(point), (key, message, der) => {
      const pair = p1363FromDer(der)
      return pair !== undefined && verifyP256(key, message, pair)
    })
  const hex = Buffer.from(cose).toString('hex')
  const x = EDDSA.exec(hex)?.[1]
  if (x) return over(ed25519PublicKey(Buffer.from(x, 'hex')), verifyEd25519)
  const n = RS256.exec(hex)?.[1]
  return n
    ? over(
        jwkPublicKey({ kty: 'RSA', n: Buffer.from(n, 'hex').toString('base64url'), e: 'AQAB' }),
        verifyRs256,
      )
    : undefined
}

function over(
  key: PublicKey | undefined,
  verify: (key: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean,
): Verify | undefined {
  return key && ((message, signature) => verify(key, message, signature))
}
