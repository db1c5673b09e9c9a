import { fromBase64url } from '../core/bytes.ts'
import type { Device } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { es256Point } from '../core/ssh/cose-es256.ts'
import { p1363FromDer } from '../core/ssh/ecdsa-der.ts'
import type { Identity } from '../identity/identity.ts'
import type { CredentialJson, Evidence } from './ceremonies.ts'
import { readClientData } from './client-data.ts'

export interface RelyingParty {
  /** Portal origin and its exact host. */
  readonly origin: string
  readonly rpId: string
  readonly identity: Identity
  now(): number
}

export interface Asserted {
  readonly device: Device
  readonly counter: number
  readonly uv: boolean
  readonly backupEligible: boolean
  readonly evidence: Evidence
  readonly authenticatorData: Buffer
  readonly clientDataJSON: Buffer
  readonly signature: Buffer
}

const INVALID = (say: string): Result<never, Refusal> =>
  err(refusal('proof-invalid', say, 'Try again, and touch your key when it asks.'))

const UNKNOWN = refusal(
  'bad-credential',
  'This passkey is not enrolled here.',
  'Use another one, or ask an administrator for an invitation.',
)
const DEVICE_INACTIVE = refusal(
  'device-inactive',
  'This passkey was disabled.',
  'Use another of your devices.',
)
export const ACCOUNT_INACTIVE = refusal(
  'account-inactive',
  'This account is disabled.',
  'Ask an administrator.',
)

/** The challenge an assertion claims to answer, for looking up what is open. */
export function claimedChallenge(credential: CredentialJson, origin: string): string | undefined {
  const response = credential['response'] as { clientDataJSON?: unknown } | undefined
  return readClientData(response?.clientDataJSON, 'webauthn.get', origin)?.challenge
}

/**
 * Verify an assertion over exactly `challenge` (WebAuthn Level 3 section 7.2). UP is required, and UV too unless it is
 * `decoded` for a policy to judge (step 17). A user handle must be the account's own (step 6): it must be there when the
 * passkey itself says who signs in, and may be left out by a passkey that was asked for by its id. How device and account
 * stand is told only to who holds the key.
 */
export async function verifyAssertion(
  rp: RelyingParty,
  credential: CredentialJson,
  challenge: string,
  userHandle: 'required' | 'optional',
  userVerification: 'required' | 'decoded' = 'required',
): Promise<Result<Asserted, Refusal>> {
  // `credential` is the attacker's.
  const { id, response } = credential as { id?: unknown; response?: { [key: string]: unknown } }
  const clientData = readClientData(response?.['clientDataJSON'], 'webauthn.get', rp.origin)
  const [authenticatorData, signature] = [response?.['authenticatorData'], response?.['signature']].map(
    (text) => (typeof text === 'string' ? fromBase64url(text) : undefined),
  )
  if (typeof id !== 'string' || !clientData || !authenticatorData || !signature)
    return INVALID('The answer of the browser is not for this page.')
  const known = rp.identity.deviceByCredential('webauthn', id)
  if (!known) return err(UNKNOWN)
  // A signature has one spelling: the library reads past a wrong length, and the verifier of evidence would not.
  if (es256Point(known.publicKey) && !p1363FromDer(signature)) return INVALID('The signature does not hold.')
  const handle = response?.['userHandle'] ?? undefined
  if (handle === undefined ? userHandle === 'required' : handle !== known.account)
    return INVALID('This passkey belongs to another account.')
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: credential as never,
      expectedChallenge: challenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.rpId,
      requireUserVerification: userVerification === 'required',
      // The counter is judged by us: a step back is a signal on record, not a lock-out (section 6.1.1).
      credential: { id, publicKey: Uint8Array.from(known.publicKey), counter: 0 },
    })
    if (!verified) return INVALID('The signature does not hold.')
    // As it stands now: verifying took a while.
    const device = rp.identity.device(known.id)
    if (rp.identity.account(known.account)?.state !== 'active') return err(ACCOUNT_INACTIVE)
    if (device?.state !== 'active') return err(DEVICE_INACTIVE)
    return ok({
      device,
      counter: authenticationInfo.newCounter,
      uv: authenticationInfo.userVerified,
      backupEligible: authenticationInfo.credentialDeviceType === 'multiDevice',
      authenticatorData,
      clientDataJSON: clientData.bytes,
      signature,
      evidence: {
        credential: id,
        authenticatorData: authenticatorData.toString('base64url'),
        clientDataJSON: clientData.bytes.toString('base64url'),
        signature: signature.toString('base64url'),
      },
    })
  } catch {
    return INVALID(
      'The proof of the passkey does not hold: wrong key, no touch, no PIN, or not for this site.',
    )
  }
}
