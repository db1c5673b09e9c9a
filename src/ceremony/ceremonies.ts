import type { AccountId, Device, DeviceId } from '../core/identity.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Result } from '../core/result.ts'
import type { StatementResource } from '../core/statement/statement.ts'

/** JSON forms of WebAuthn options (WebAuthn sections 5.1.8 and 5.1.9), for the browser to parse. */
export type CreationOptions = { readonly [key: string]: unknown }
export type RequestOptions = { readonly [key: string]: unknown }
/** `PublicKeyCredential.toJSON()`, the attacker's until verified. */
export type CredentialJson = { readonly [key: string]: unknown }
/** What the ledger keeps of a verified ceremony. */
export type Evidence = { readonly [key: string]: string }

/** What a person is asked to sign: a verb of the statement's closed list and its fields in order. */
export interface Wish {
  readonly action: string
  /** What a change is done to; nothing for what concerns the account itself or the site. */
  readonly resource?: StatementResource | null
  readonly fields: readonly (readonly [key: string, value: string])[]
  /** How long the statement holds, unix ms, when it waits for other people; else as long as a touch may take. */
  readonly until?: number
}

/** A push certificate that waits for a touch. */
export interface PushToSign {
  /** The exact bytes to sign. */
  readonly certificate: Buffer
  /** Devices that will do, and whether with PIN or biometric. */
  readonly ways: readonly { readonly device: Device; readonly uv: boolean }[]
  /** When it waits no longer, unix ms. */
  readonly until: number
}

/**
 * The WebAuthn ceremonies as the portal needs them. `pre` is the browser's pre-session secret: a challenge is finished by
 * the browser that began it, once, within minutes.
 */
export interface Ceremonies {
  /** `address` is the network address of whoever asks. */
  beginSignIn(pre: string, address: string): Promise<RequestOptions>
  finishSignIn(
    pre: string,
    credential: CredentialJson,
  ): Promise<Result<{ account: AccountId; device: DeviceId; uv: boolean; evidence: Evidence }, Refusal>>
  /** First device of an account, by a one-time link's secret. */
  beginEnrol(pre: string, secret: string): Promise<Result<CreationOptions, Refusal>>
  finishEnrol(
    pre: string,
    secret: string,
    credential: CredentialJson,
    name: string,
  ): Promise<Result<DeviceId, Refusal>>
  /**
   * Write the statement of `wish` and ask for a signature of it by one of the account's active passkeys, `except` apart,
   * or of `only` these. `text` is the exact text that will be signed; `id` is unguessable and names this approval.
   */
  beginApproval(
    pre: string,
    account: AccountId,
    wish: Wish,
    except?: DeviceId,
    only?: readonly DeviceId[],
  ): Promise<Result<{ id: string; text: string; options: RequestOptions }, Refusal>>
  /** The signature must be over the statement of exactly this `id`, by an active device of this account, with UV. */
  finishApproval(
    pre: string,
    account: AccountId,
    id: string,
    credential: CredentialJson,
  ): Promise<Result<{ device: DeviceId; uv: boolean; evidence: Evidence }, Refusal>>
  /** Ask for a touch on a held push. Refused when no device will do, or when it waits no longer. */
  beginPush(
    pre: string,
    account: AccountId,
    push: PushToSign,
  ): Result<{ id: string; options: RequestOptions }, Refusal>
  /**
   * The signature must be over the certificate of exactly this `id`, by one of the devices asked for, with UP. UV is decoded:
   * policy judges it. `sshsig` is null for keys that OpenSSH has no algorithm for.
   */
  finishPush(
    pre: string,
    account: AccountId,
    id: string,
    credential: CredentialJson,
  ): Promise<Result<{ device: DeviceId; uv: boolean; evidence: Evidence; sshsig: string | null }, Refusal>>
  /** One more passkey, after a device approved it. */
  beginAddPasskey(
    pre: string,
    account: AccountId,
    admittedBy: { device: DeviceId; evidence: Evidence },
  ): Promise<Result<CreationOptions, Refusal>>
  finishAddPasskey(
    pre: string,
    account: AccountId,
    credential: CredentialJson,
    name: string,
  ): Promise<Result<DeviceId, Refusal>>
  /** Text to sign with `ssh-keygen -Y sign -n NAMESPACE`, so that a pasted key is shown to be held. */
  beginSshKey(
    pre: string,
    account: AccountId,
    publicKey: string,
  ): Result<{ text: string; namespace: string; fingerprint: string }, Refusal>
  finishSshKey(
    pre: string,
    account: AccountId,
    signature: string,
  ): Result<
    {
      fingerprint: string
      admit(by: DeviceId, name: string, evidence: Evidence): Promise<Result<DeviceId, Refusal>>
    },
    Refusal
  >
}
