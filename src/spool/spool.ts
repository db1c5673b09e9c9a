import type { Readable } from 'node:stream'
import type { RepoRef } from '../core/action/action.ts'
import type { Landing, Patch } from '../core/git/landing.ts'
import type { RefUpdate } from '../core/git/ref-update.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Result } from '../core/result.ts'

/** A push that is about to wait. */
export interface Incoming {
  readonly account: string
  readonly repo: RepoRef
  readonly part: 'code' | 'wiki'
  readonly updates: readonly RefUpdate[]
  /** Where the repository can be fetched as this person, for what the pack leaves out. Never logged. */
  readonly remote: { readonly url: string; authorization(): Promise<string> }
}

/** Where packs of held pushes wait on bounded disk. */
export interface Spool {
  /** Room for one push, and the mirror of its repository brought up to date beside it. Refused when there is no room. */
  open(push: Incoming): Result<SpooledPush, Refusal>
  /** End everything that runs and remove what is left. */
  close(): Promise<void>
}

/** One push on disk. Its calls come in this order; each ends early when `signal` aborts. */
export interface SpooledPush {
  /** Take the pack to disk as it comes. Refused: too large, no room left, too slow. `false`: there was no pack. */
  receive(chunks: AsyncIterator<Buffer>, signal: AbortSignal): Promise<Result<boolean, Refusal>>
  /** Let git index it. Refused: corrupt, made against what the repository does not have, not holding what it names. */
  index(signal: AbortSignal): Promise<Refusal | undefined>
  /** What it would do. Whatever cannot be computed is said in it; never rejects. */
  look(signal: AbortSignal): Promise<Landing>
  /** The changes of one ref (by its place in the commands), up to about `bytes` of text. */
  patch(ref: number, bytes: number): Promise<Patch>
  /** The pack for the forge, exactly the one that was indexed; null when there is none. */
  pack(): Readable | null
  /** Remove it. May be called at any time, more than once. */
  dispose(): Promise<void>
}
