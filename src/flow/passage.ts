import type { Action } from '../core/action/action.ts'
import type { PushCertificate } from '../core/git/push-cert.ts'
import type { Device } from '../core/identity.ts'
import type { Decision } from '../core/policy/engine.ts'
import { NO_PROOF, type Proof } from '../core/proof.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Principal, Session } from '../identity/identity.ts'
import type { Recorded } from '../ledger/ledger.ts'
import type { ForgeRepo } from '../upstream/forge.ts'
import type { Attempt } from './attempt.ts'
import type { FlowContext } from './context.ts'
import type { Outcome } from './outcome.ts'

/** One attempt on its way through the gates. Each gate fills in what it found and nothing else. */
export interface Passage {
  readonly attempt: Attempt
  /** Unix ms at which the attempt came in. */
  readonly now: number
  /** Filled by `identify`. */
  principal?: Principal
  session?: Session
  /** Filled by `describe`. */
  action?: Action
  repo?: ForgeRepo
  /** Filled by `decide`, overwritten by `decideAgain`. */
  decision?: Decision
  /** Filled by `obtainProof`: what came along, not looked into yet. */
  offered?: PushCertificate
  /** Filled by `verifyProof`; until then nothing has been proven about this very action. */
  proof: Proof
  prover?: Device
  statement?: ProvenStatement
  /** Filled by `recordIntent`. */
  intent?: Recorded
  intentId?: string
  /** Filled by `forward`. */
  outcome?: Outcome
}

/** A statement that was signed, and the nonce that makes it good for one use. */
export interface ProvenStatement {
  readonly kind: 'git-push-certificate'
  readonly text: Uint8Array
  readonly signature: string
  readonly nonce: string
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
