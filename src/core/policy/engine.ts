import type { Action, RepoRef } from '../action/action.ts'
import type { Account, Device } from '../identity.ts'
import type { Proof } from '../proof.ts'

/** Everything a decision may depend on. The whole of it is recorded, so that a replay is true. */
export interface DecisionRequest {
  /** Null: a visitor of whom nothing is known. */
  readonly account: Account | null
  /** The device that made the proof, or opened the session; null when none did. */
  readonly device: Device | null
  readonly action: Action
  readonly proof: Proof
  /** How many other people countersigned it, each found to be one whom policy lets; none unless said. */
  readonly countersignatures?: number
}

/** What somebody may do with a place in the forge's judgement; for what is no repository, in the gateway's. */
export interface Rights {
  /** Move its refs; write. */
  readonly push: boolean
  /** Change its settings. */
  readonly admin: boolean
}

/** Whether `account`, by this proof of theirs, may countersign what `requester` wants. */
export interface CountersignRequest extends Omit<DecisionRequest, 'countersignatures' | 'account'> {
  readonly account: Account
  /** What is countersigned. */
  readonly action: Action
  readonly requester: Account
  readonly rights: Rights
}

/**
 * What policy said. `challenge` carries the weakest proof that would have been allowed, found by asking again with
 * hypothetical proofs over the account's own active devices, and how many other people must countersign beside it; the
 * hypothesis itself never authorises anything.
 */
export type Decision =
  | { readonly kind: 'allow'; readonly policies: readonly string[] }
  | { readonly kind: 'deny'; readonly policies: readonly string[]; readonly why: string }
  | {
      readonly kind: 'challenge'
      readonly policies: readonly string[]
      readonly want: Pick<Proof, 'bound' | 'uv' | 'method' | 'shown'>
      /** Countersignatures in all, those that are there included; 0: nobody else is wanted. */
      readonly people: number
      readonly why: string
    }

/** A policy set ready to decide. Errors of any kind are denials. */
export interface PolicyEngine {
  /** `sha256:HEX` over the effective policy text and schema; stands in every statement and decision. */
  readonly digest: string
  /** Grows by one whenever the effective set changes; part of every cache key. */
  readonly version: number
  /** Whether some policy permits anything to visitors of whom nothing is known. */
  readonly opens: boolean
  /** Decide as things are. `devices` are the account's own active devices, for the challenge. Never throws. */
  decide(request: DecisionRequest, devices: readonly Device[]): Decision
  /** Whether this person may countersign, on the proof as it is: allow or deny, no challenge. Never throws. */
  countersign(request: CountersignRequest): Exclude<Decision, { kind: 'challenge' }>
  /** Reads only, no challenge: the hot path. Never throws. */
  allowsRead(request: DecisionRequest): boolean
  /** Read policy files again; names are folded and resolved to ids with `resolve`. A bad file keeps the last good set and is returned as an error. */
  reload(): Promise<void>
}

/** Resolve `owner/name` to a repository, for names in policy text. */
export type ResolveRepo = (owner: string, name: string) => Promise<RepoRef | undefined>
