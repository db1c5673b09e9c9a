import type { AccountId, DeviceId } from '../core/identity.ts'
import type { Recorded } from '../ledger/ledger.ts'

/** A connection of SSH on which a device signed in: by the key alone, whatever user name was typed. */
export interface SshLogin {
  /** The session id of the connection, in hex: what the key signed. */
  readonly id: string
  readonly account: AccountId
  readonly device: DeviceId
  /** When it signed, unix ms. */
  readonly at: number
  readonly uv: boolean
  /** The entry of the ledger that keeps the signature. Resolves once it is on disk. */
  readonly recorded: Promise<Recorded>
}
