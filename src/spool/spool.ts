import type { Readable } from 'node:stream'
import type { RepoRef } from '../core/action/action.ts'
import type { CommitLook, CommitPlan, FileEntry } from '../core/git/commit-plan.ts'
import type { Landing, Patch } from '../core/git/landing.ts'
import type { CommitMade } from '../core/git/merged-commit.ts'
import type { RefUpdate } from '../core/git/ref-update.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Result } from '../core/result.ts'

/** A repository as somebody may fetch it. */
export interface Place {
  readonly account: string
  readonly repo: RepoRef
  readonly part: 'code' | 'wiki'
  /**
   * Where the repository can be fetched as this person, for what the pack leaves out: an http, https or file URL without
   * credentials, and the value of the `Authorization` header (empty: none), asked for at each fetch. Never logged.
   */
  readonly remote: { readonly url: string; authorization(): Promise<string> }
}

/** A push that is about to wait. */
export interface Incoming extends Place {
  readonly updates: readonly RefUpdate[]
}

/** Questions about commits of a repository. Ids that a caller got from the forge's refs. */
export interface Inspection {
  /** What is at a path of a commit; null: nothing, or the commit is not there. */
  file(commit: string, path: string): Promise<FileEntry | null>
  /** Parents, and what it changes against the first; null when it cannot be read. */
  commit(id: string): Promise<CommitLook | null>
  /** Parents and tree; null when it cannot be read. */
  made(id: string): Promise<CommitMade | null>
}

/** A merge that the forge is asked for: commits by their ids, as the forge's refs hold them now. */
export interface Merging {
  readonly base: Place & { readonly id: string; readonly ref: string }
  readonly head: Place & { readonly id: string }
}

/** What comes of a merge. */
export interface Merged {
  readonly tree: string
  /** What it would do to the base branch; the merge commit itself is not among the commits. Never rejects. */
  look(): Promise<Landing>
  /** The changes, up to about `bytes` of text; after {@link look}. */
  patch(bytes: number): Promise<Patch>
}

/** A commit that was made here, and that nobody else has yet. */
export interface MadeCommit {
  readonly id: string
  /** The pack of everything that its parent does not have; a fresh reading each time. */
  pack(): Readable
}

export interface SpoolLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** Where packs of held pushes wait on bounded disk. */
export interface Spool {
  /** Room for one push, and the mirror of its repository brought up to date beside it. Refused when there is no room. */
  open(push: Incoming): Result<SpooledPush, Refusal>
  /** Read commits of the repository as the forge has it now. Refused when it cannot be read in time, or is too large. */
  inspect<T>(place: Place, work: (inspection: Inspection) => Promise<T>): Promise<Result<T, Refusal>>
  /**
   * Make the one commit that `plan` asks for, beside the repository as the forge has it now, and let `use` have it; nothing of
   * it stays behind. `from`: the commit that it follows on; null for the first of all, which needs no repository yet.
   * Refused when the repository cannot be read, by `plan`, and when git would not make exactly that commit.
   */
  make<T>(
    place: Place,
    from: string | null,
    plan: (inspection: Inspection) => Promise<Result<CommitPlan, Refusal>>,
    use: (made: MadeCommit) => Promise<T>,
  ): Promise<Result<T, Refusal>>
  /**
   * Merge as the forge would, beside the mirrors and seen by nobody, and let `work` look at what comes of it. Refused when there
   * is nothing to merge, when it conflicts, and when it could come out otherwise at the forge.
   */
  merge<T>(merging: Merging, work: (merged: Merged) => Promise<T>): Promise<Result<T, Refusal>>
  /** End everything that runs and remove what is left. */
  close(): Promise<void>
}

/**
 * One push on disk. Its calls come in this order; each ends early when `signal` aborts. A refusal, and an abort of
 * `receive` or `index`, has freed everything by the time it is given.
 */
export interface SpooledPush {
  /**
   * Take the pack to disk as it comes. Refused: too large, no room left, too slow, no pack where the commands need one.
   * `false`: there was none, and none is needed. `chunks` is never ended from here, so that the caller can read on.
   */
  receive(chunks: AsyncIterator<Buffer>, signal: AbortSignal): Promise<Result<boolean, Refusal>>
  /** Let git index it; does nothing when there was no pack. Refused: corrupt, made against what the repository does not have, not holding what it names. */
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

/** Whose files these are: of one person, for one repository. */
export interface StageOwner {
  readonly account: string
  /** The forge's id of the repository; null for a release, whose page uploads them before it says of which. */
  readonly repo: number | null
}

/** What opened the request that a file came with: when one of these ends, so does the file. */
export interface StagedBy extends StageOwner {
  readonly device: string
  readonly sessions: readonly string[]
}

/** A file that was uploaded, and that nothing points to yet. */
export interface StagedFile {
  readonly id: string
  /** Its name, without folders. */
  readonly name: string
  readonly size: number
  /** git's id of its content. */
  readonly blob: string
  /** SHA-256 in hex. */
  readonly sha256: string
  /** Where its bytes are. */
  readonly file: string
}

export interface StageLimits {
  /** Bytes of one file, of one person's, of all. */
  readonly fileBytes: number
  readonly accountBytes: number
  readonly totalBytes: number
  readonly filesOfAccount: number
  /** ms. */
  readonly life: number
}

/** Uploaded files on bounded disk, until a change takes them into a commit. In this process alone: a restart forgets them. */
export interface Stage {
  readonly limits: StageLimits
  /** Keep a file. Refused: a name that is none, too large, too many. */
  add(by: StagedBy, name: string, bytes: Uint8Array): Promise<Result<StagedFile, Refusal>>
  /** A file of this very owner; unknown and foreign ids look alike. */
  find(owner: StageOwner, id: string): StagedFile | undefined
  remove(owner: StageOwner, id: string): Promise<void>
  /** Remove everything that `ended` says yes to. */
  end(ended: (by: StagedBy) => boolean): void
  close(): Promise<void>
}
