import { fromBase64url } from '../core/bytes.ts'
import { randomSecret } from '../core/crypto.ts'
import type { Account, Device } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { RelyingParty } from './authentication.ts'
import type { CreationOptions, CredentialJson, Evidence } from './ceremonies.ts'
import { CHALLENGE_LIFE } from './challenges.ts'
import { readClientData } from './client-data.ts'

/** ES256 first: OpenSSH has an algorithm for it, so its assertions can be checked with ssh-keygen. Then EdDSA, RS256. */
const ALGORITHMS = [-7, -8, -257]

/**
 * Formats the library brings trust anchors for. Without them it looks at no chain, and so fetches no revocation list from
 * an address that a certificate names: an attestation is kept here for a later judgement, never judged on the way in.
 */
const JUDGED_BY_DEFAULT = ['android-key', 'android-safetynet', 'apple'] as const

const isTransport = (text: unknown): boolean => typeof text === 'string' && /^[a-z-]{2,20}$/.test(text)

export interface Registered {
  readonly device: Pick<Device, 'kind' | 'credential' | 'publicKey' | 'counter' | 'backupEligible'>
  readonly transports: readonly string[]
  readonly evidence: Evidence
}

/** Options for a discoverable credential with user verification (WebAuthn section 5.4), and their challenge. */
export async function registrationOptions(
  rp: RelyingParty,
  account: Account,
): Promise<{ challenge: string; options: CreationOptions }> {
  const { generateRegistrationOptions } = await import('@simplewebauthn/server')
  const challenge = randomSecret()
  const handle = fromBase64url(account.id)
  const options = await generateRegistrationOptions({
    rpName: 'Countersign',
    rpID: rp.rpId,
    userName: account.name,
    userDisplayName: account.name,
    userID: Uint8Array.from(handle ?? Buffer.from(account.id)),
    challenge: Uint8Array.from(Buffer.from(challenge, 'base64url')),
    timeout: CHALLENGE_LIFE,
    attestationType: 'none',
    excludeCredentials: rp.identity
      .devices(account.id)
      .filter(({ kind, state }) => kind === 'webauthn' && state !== 'revoked')
      .map(({ id, credential }) => ({
        id: credential,
        transports: [...rp.identity.transports(id)] as never,
      })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })
  return { challenge, options: options as unknown as CreationOptions }
}

export function claimedCreation(credential: CredentialJson, origin: string): string | undefined {
  const response = credential['response'] as { clientDataJSON?: unknown } | undefined
  return readClientData(response?.clientDataJSON, 'webauthn.create', origin)?.challenge
}

/** Verify a new credential over exactly `challenge` (WebAuthn Level 3 section 7.1). The attestation is kept, not judged. */
export async function verifyCreation(
  rp: RelyingParty,
  credential: CredentialJson,
  challenge: string,
): Promise<Result<Registered, Refusal>> {
  const invalid = err(
    refusal(
      'proof-invalid',
      'The new passkey does not hold: not for this site, no touch, or no PIN.',
      'Try again.',
    ),
  )
  // `credential` is the attacker's.
  const response = credential['response'] as { [key: string]: unknown } | undefined
  const clientData = readClientData(response?.['clientDataJSON'], 'webauthn.create', rp.origin)
  const attestation = response?.['attestationObject']
  if (!clientData || typeof attestation !== 'string' || attestation.length > 32_000) return invalid
  const { SettingsService, verifyRegistrationResponse } = await import('@simplewebauthn/server')
  for (const identifier of JUDGED_BY_DEFAULT)
    SettingsService.setRootCertificates({ identifier, certificates: [] })
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: credential as never,
      expectedChallenge: challenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.rpId,
      requireUserPresence: true,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    })
    // Step 25: a credential id is at most 1023 bytes; and the one in the signed data is the one that counts.
    if (
      !verified ||
      registrationInfo.credential.id !== credential['id'] ||
      registrationInfo.credential.id.length > 1364
    )
      return invalid
    const { credential: made, credentialDeviceType, fmt } = registrationInfo
    return ok({
      device: {
        kind: 'webauthn',
        credential: made.id,
        publicKey: made.publicKey,
        counter: made.counter,
        backupEligible: credentialDeviceType === 'multiDevice',
      },
      transports: (made.transports ?? []).filter(isTransport).slice(0, 8),
      evidence: {
        format: fmt,
        attestationObject: attestation,
        clientDataJSON: clientData.bytes.toString('base64url'),
      },
    })
  } catch {
    return invalid
  }
}
