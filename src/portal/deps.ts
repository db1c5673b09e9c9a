import type { Ceremonies } from '../ceremony/ceremonies.ts'
import type { AttemptLimiter, Log } from '../flow/context.ts'
import type { FrozenRef } from '../flow/frozen.ts'
import type { Asks } from '../hold/asks.ts'
import type { Holds } from '../hold/holds.ts'
import type { ParkedChanges } from '../hold/parked-changes.ts'
import type { Identity } from '../identity/identity.ts'
import type { HandOver } from './hand-over.ts'
import type { Invite } from './invite.ts'
import type { LedgerView } from './ledger-view.ts'
import type { ReportView } from './report-view.ts'
import type { TokenDesk } from './token-desk.ts'

/** Everything the portal needs from outside. Composed once, in context.ts. */
export interface PortalDeps {
  /** The portal's own origin, e.g. `https://id.git.example.com`; `Origin` of every change must equal it. */
  readonly origin: string
  readonly forgeOrigin: string
  /** Version of the forge when it is one that the gateway does not know, and so changes nothing of; null otherwise. */
  unknownForge(): string | null
  /** git over SSH: what clone URLs begin with, lines for known_hosts, and the fingerprint of the host key in use. */
  readonly ssh?: { readonly origin: string; readonly knownHosts: string; readonly fingerprint: string } | null
  /** Whether both origins are https: then cookies are `__Host-` and HSTS is sent. */
  readonly secure: boolean
  readonly identity: Identity
  readonly ceremonies: Ceremonies
  readonly handOver: HandOver
  readonly ledger: LedgerView
  readonly report: ReportView
  /** Pushes that wait for a touch. */
  readonly holds: Holds
  /** Other changes of the forge that do. */
  readonly parked: ParkedChanges
  /** What other people signed, and wait for this one's countersignature. */
  readonly asks: Asks
  /** Refs that the forge changed as nobody had signed. */
  frozen(): Promise<readonly FrozenRef[]>
  /** Create a person at the forge and here, and a one-time link secret for their first passkey. */
  readonly invite: Invite
  /** What making a token for a program asks of policy and of the forge. */
  readonly tokenDesk: TokenDesk
  /** Spent by failed sign-ins and wrong links. */
  readonly limiter: AttemptLimiter
  /** Aborts when the gateway stops: pages that listen are let go. */
  readonly stopping?: AbortSignal
  readonly log: Log
  /** Unix ms. */
  now(): number
}
