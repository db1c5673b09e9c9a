import type { DeviceId } from './identity.ts'

/** What has been shown about one request. Policy sees this and what is known of the device, nothing else. */
export interface Proof {
  readonly method: 'none' | 'webauthn' | 'ssh-certificate' | 'ssh-session' | 'token'
  readonly device: DeviceId | null
  /** User presence: the touch, decoded from the signature. */
  readonly up: boolean
  /** User verification: PIN or biometric, decoded from the signature. */
  readonly uv: boolean
  /** Seconds since the proof was made, by the monotonic clock. */
  readonly ageSeconds: number
  /** What the signature covers: nothing, the making of a token, the session, or exactly this action. */
  readonly bound: 'none' | 'token' | 'session' | 'action'
  /** What the signer was shown by us, as far as we could truly compute it. */
  readonly shown: 'none' | 'refs' | 'commits' | 'diff' | 'fields'
  readonly batch: boolean
}

export const NO_PROOF: Proof = {
  method: 'none',
  device: null,
  up: false,
  uv: false,
  ageSeconds: 0,
  bound: 'none',
  shown: 'none',
  batch: false,
}
