import type { Action } from '../core/action/action.ts'
import type { Change } from '../core/action/change.ts'
import type { PushCertificate } from '../core/git/push-cert.ts'
import type { AccountId, Device } from '../core/identity.ts'
import type { LfsTicket } from '../core/lfs/ticket.ts'
import type { Decision } from '../core/policy/engine.ts'
import { NO_PROOF, type Proof } from '../core/proof.ts'
import type { Refusal } from '../core/refusal.ts'
import type { HeldPush } from '../hold/create-holds.ts'
import type { HoldApproval } from '../hold/holds.ts'
import type { ApiToken, Principal, Session } from '../identity/identity.ts'
import type { Recorded } from '../ledger/ledger.ts'
import type { SpooledPush } from '../spool/spool.ts'
import type { ApiWish, ForgeRepo } from '../upstream/forge.ts'
import type { Attempt } from './attempt.ts'
import type { FlowContext } from './context.ts'
import type { Outcome } from './outcome.ts'
import type { WouldBe } from './report-only.ts'
import type { ProvenCountersign } from './verify-countersign.ts'

/** One attempt on its way through the gates. Each gate fills in what it found and nothing else. */
export interface Passage {
  readonly attempt: Attempt
  /** Unix ms at which the attempt came in. */
  readonly now: number
  /** Filled by `identify`. */
  principal?: Principal
  session?: Session
  /**
   * Set by `identify` for a visitor of whom nothing is known, in the place of a principal: what they are told unless this is
   * open to them.
   */
  visitor?: Refusal
  /** Filled by `identify` when a ticket of a large-file batch said who asks. */
  ticket?: LfsTicket
  /** Filled by `identify` when a token said who asks. */
  token?: ApiToken
  /** Filled by `describe`. */
  action?: Action
  repo?: ForgeRepo
  /** The change in named fields, when it is one. */
  change?: Change
  /** The change of a page's form that a request of the programming interface stands for. */
  asForm?: Extract<ApiWish, { kind: 'change' }>
  /** The body of such a request that is forwarded, written anew; null without one. */
  body?: string | null
  /** Filled by `decide`, overwritten by `decideAgain`. */
  decision?: Decision
  /** Filled by `obtainProof`: what came along, not looked into yet. */
  offered?: PushCertificate
  /** Filled by `obtainProof` when the push had to wait. */
  held?: HeldPassage
  /** Filled by `verifyProof`; until then nothing has been proven about this very action. */
  proof: Proof
  prover?: Device
  statement?: ProvenStatement
  /** Filled by `obtainOthers`: those that count, of each person one. */
  countersigns?: readonly ProvenCountersign[]
  /** Filled by `obtainOthers`: why others' do not. */
  unfit?: ReadonlyMap<AccountId, Refusal>
  /** Set where nothing is enforced: what would have stopped it first. */
  would?: WouldBe
  /** Filled by `recordIntent`. */
  intent?: Recorded
  intentId?: string
  /** Filled by `forward`. */
  outcome?: Outcome
}

/** A push that waited, with what was kept for it. */
export interface HeldPassage {
  readonly push: HeldPush
  readonly spooled: SpooledPush
  /** The ledger entry that says it waits. */
  entry?: Recorded
  /** The touch, not looked into yet. */
  approval?: HoldApproval
}

/** A statement that was signed, and the nonce that makes it good for one use. */
export interface ProvenStatement {
  readonly kind: 'git-push-certificate' | 'statement'
  /** The certificate's text, or the statement's. */
  readonly text: Uint8Array
  /** Armored SSHSIG; null when the key has no algorithm that OpenSSH knows. */
  readonly signature: string | null
  /** The touch in the portal, when the gateway wrote the certificate. */
  readonly approval: Pick<HoldApproval, 'assertion' | 'batch'> | null
  readonly nonce: string
  /** End of a statement, unix ms; a certificate has none. */
  readonly expires?: number
  /** Signature counter, for the device's record. */
  readonly counter: number
}

/** A check: undefined lets pass, a refusal ends it. Not a promise unless it truly waits. */
export type Gate = (passage: Passage, ctx: FlowContext) => Refusal | undefined | Promise<Refusal | undefined>

export function begin(attempt: Attempt, now: number): Passage {
  return { attempt, now, proof: NO_PROOF }
}

/** A field that an earlier gate must have filled. Missing means the list of gates is wrong: deny, loudly. */
export function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`gate order: ${what} is not known yet`)
  return value
}
