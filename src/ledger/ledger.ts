import type { Json } from '../core/ledger/canonical-json.ts'
import type { Checkpoint } from '../core/ledger/checkpoint.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Result } from '../core/result.ts'
import type { Write } from '../store/store.ts'

/** What is recorded. A closed list: a reader can know every type that exists. */
export type EntryType =
  | 'ledger.start' // first entry of a log: its origin, portal origin, RP ID
  | 'gateway.start'
  | 'session.open'
  | 'session.end'
  | 'ssh.login' // a connection of SSH, with the signature that opened it
  | 'account.create'
  | 'account.rename'
  | 'account.state'
  | 'invitation.create'
  | 'recovery.create'
  | 'device.enrol'
  | 'device.state'
  | 'device.signal' // counter went back, backup state changed
  | 'git-password.create'
  | 'git-password.revoke'
  | 'token.create'
  | 'token.end'
  | 'decision' // a change refused or challenged
  | 'countersign.refuse' // somebody who was asked to countersign said no
  | 'hold' // a push waits for a touch
  | 'hold.end' // it ended without one that counted
  | 'intent'
  | 'outcome'
  | 'ref.freeze' // the forge did to a ref what nobody signed: nobody moves it
  | 'ref.unfreeze' // an administrator looked at it
  | 'policy.load'
  | 'forge.adopt' // keys and tokens of the forge that were ended from the host
  | 'would' // report-only: what would have been asked for or refused

/** One thing to record, before salting. `payload` must be canonicalisable (RFC 8785): no undefined, no NaN. */
export interface LedgerRecord {
  readonly type: EntryType
  readonly payload: { readonly [key: string]: Json }
  /** Look-ups for readers. */
  readonly account?: string
  readonly repo?: number
}

export interface Recorded {
  readonly index: number
  /** Unix milliseconds, as in the entry. */
  readonly time: number
}

/**
 * Append-only log. Contract:
 * - `append` resolves only when the entry, everything `guard` wrote, and a checkpoint covering it are on disk.
 * - `guard` runs in the same transaction, before the entry is placed; when it returns a refusal, neither its writes nor the entry remain, and
 *   other entries of the same batch are not disturbed. This is how a nonce is used exactly once, together with its intent.
 * - Batches: entries that arrive while a batch is being written share the next one (one fsync a batch).
 * - When the store fails, `append` rejects and nothing was recorded; the caller must not act.
 */
export interface Ledger {
  /** C2SP log origin and key name, e.g. `id.git.example.com/ledger`. */
  readonly origin: string
  /** C2SP vkey text of the signing key. */
  readonly vkey: string
  append(
    record: LedgerRecord,
    guard?: (write: Write, at: Recorded) => Promise<Refusal | undefined>,
  ): Promise<Result<Recorded, Refusal>>
  checkpoint(): Promise<Checkpoint>
  close(): Promise<void>
}
