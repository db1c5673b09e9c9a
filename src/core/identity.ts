/** Ids are their own types, so that a device id cannot be passed where a session id is meant. */
declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }
export type AccountId = Id<'account'>
export type DeviceId = Id<'device'>
export type SessionId = Id<'session'>

export const accountId = (text: string): AccountId => text as AccountId
export const deviceId = (text: string): DeviceId => text as DeviceId
export const sessionId = (text: string): SessionId => text as SessionId

/** A person in our store, bound once to the forge's numeric user id. */
export interface Account {
  readonly id: AccountId
  /** Login name as the forge spells it. */
  readonly name: string
  readonly email: string
  /** The forge's numeric id; names are looked up from it and checked against it. */
  readonly forgeId: number
  readonly admin: boolean
  readonly state: 'active' | 'disabled'
}

export type DeviceKind = 'webauthn' | 'ssh-sk'
export type DeviceState = 'active' | 'suspended' | 'revoked'

/** One registered FIDO2 credential. */
export interface Device {
  readonly id: DeviceId
  readonly account: AccountId
  readonly kind: DeviceKind
  readonly name: string
  readonly state: DeviceState
  /** `webauthn`: credential id in base64url. `ssh-sk`: `SHA256:...` fingerprint. Unique among all devices. */
  readonly credential: string
  /** `webauthn`: COSE key bytes. `ssh-sk`: the SSH public key blob. */
  readonly publicKey: Uint8Array
  /** Last signature counter seen; a step back is a recorded signal, never a refusal (WebAuthn section 6.1.1). */
  readonly counter: number
  /** Backup eligible: the credential may be synced (WebAuthn section 6.1.3). Always false for `ssh-sk`. */
  readonly backupEligible: boolean
  /** What admitted it: `invitation:ID`, `device:ID` (a statement by that device) or `recovery:ID`. */
  readonly enrolledBy: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
}
