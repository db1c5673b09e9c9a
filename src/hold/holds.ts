import type { RepoRef } from '../core/action/action.ts'
import type { Landing, Patch, Shown } from '../core/git/landing.ts'
import type { RefUpdate } from '../core/git/ref-update.ts'
import type { AccountId, Device, DeviceId } from '../core/identity.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Result } from '../core/result.ts'
import type { Ask } from './asks.ts'

/** How far a held push is. The last row are ends; an ended hold can be looked at for some minutes. */
export type HoldState =
  | 'receiving' // its pack is coming in, or git is reading it
  | 'waiting' // for a touch
  | 'approved' // touched; on its way through the last gates
  | 'signed' // waits for other people to countersign
  | 'landed' // the forge took all of it
  | 'rejected' // touched, but a gate or the forge said no to some of it
  | 'refused' // by its person, or by somebody who was asked to countersign
  | 'expired'
  | 'gone' // the client left
  | 'revoked' // account, device or git password ended
  | 'unusable' // the pack was no good
  | 'closed' // the gateway stopped

/** A way in which this hold may be approved, as policy stands now. */
export interface HoldWay {
  readonly device: Device
  /** Whether a PIN or biometric is wanted. */
  readonly uv: boolean
}

/** A touch on a held push. */
export interface HoldApproval {
  readonly device: DeviceId
  /** What the page showed to the person who touched. */
  readonly shown: Shown
  /** The text signed, when it was a batch statement that lists this push's certificate; null: the certificate itself. */
  readonly batch: string | null
  /** Armored SSHSIG; null for keys that OpenSSH has no algorithm for. */
  readonly signature: string | null
  /** The raw assertion, base64url. */
  readonly assertion: {
    readonly credential: string
    readonly authenticatorData: string
    readonly clientDataJSON: string
    readonly signature: string
  }
}

/** One push that waits for a touch. */
export interface Hold {
  /** As printed in the terminal: `7FQK-2MPA`. */
  readonly code: string
  readonly account: AccountId
  readonly repo: RepoRef
  readonly part: 'code' | 'wiki'
  readonly updates: readonly RefUpdate[]
  readonly pushOptions: readonly string[]
  /** The push certificate that the gateway wrote for it: the exact bytes to sign. */
  readonly certificate: Buffer
  /** Where the push comes from. */
  readonly client: { readonly address: string; readonly userAgent: string }
  /** Unix ms. */
  readonly createdAt: number
  readonly expiresAt: number
  /** Policies that ask for the touch, by their names. */
  readonly why: string
  readonly state: HoldState
  /** Words for the person behind an end, e.g. their own reason or the forge's. */
  readonly said: string | null
  /** How many other people must countersign it, as policy said when it came. */
  readonly people: number
  /** What they are asked, once its person signed. */
  readonly ask: Ask | null
  /** Undefined while it is being computed. */
  readonly landing: Landing | undefined
  /** Changes of one ref, up to about `bytes` of text. Only while it waits. */
  patch(ref: number, bytes: number): Promise<Patch>
  /** The account's own passkeys that policy would accept, weakest demand first, when this much has been shown. */
  ways(shown: Shown, batch: boolean): readonly HoldWay[]
  /** The touch. Refused when it no longer waits: of two touches one counts. */
  approve(approval: HoldApproval): Refusal | undefined
  /** The person's no. `why` may be empty. */
  refuse(why: string): Refusal | undefined
}

/** All held pushes of this gateway, as the portal sees them. */
export interface Holds {
  /** A hold of this very account; unknown and foreign codes look alike. `code` is the attacker's, any case, dash or none. */
  byCode(account: AccountId, code: string): Hold | undefined
  /** Those that wait or are coming in, oldest first. */
  waiting(account: AccountId): readonly Hold[]
  /** Called after each change of any hold of the account, never in the middle of one. Returns how to stop. */
  watch(account: AccountId, changed: () => void): () => void
}

/** Whether two client addresses are of one network: IPv4 /24, IPv6 /64, and this very machine. */
export type SameNetwork = (a: string, b: string) => boolean

export type Held = Result<HoldApproval, Refusal>
