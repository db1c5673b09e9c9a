import type { RefUpdate } from './ref-update.ts'

// What a held push would do, as far as git could tell. Every text in here is other people's: bytes read as UTF-8, what is
// no UTF-8 as U+FFFD; pages mark what hides or imitates.

/** How much of a push could be computed, weakest first; `proof.shown` is never more than that. */
export type Shown = 'refs' | 'commits' | 'diff'

export interface Landing {
  /** One for each command, in the order of the commands. */
  readonly refs: readonly RefLanding[]
  /** The most that can be shown of all of it: lists that are cut short count as not shown. */
  readonly shown: Shown
  /** What could not be computed and why, in words for the person; empty exactly when `shown` is `diff`. */
  readonly missing: readonly string[]
}

export interface RefLanding {
  readonly update: RefUpdate
  /** `forward`: the old commit is an ancestor of the new one. `rewrite`: it is not, so commits are taken away. */
  readonly move: 'create' | 'forward' | 'rewrite' | 'delete' | 'unknown'
  /** The annotated tag that the new id names, if it names one. */
  readonly tag: TagText | null
  /** Commits that the ref would gain, newest first; of a new ref those that no branch or tag has. */
  readonly gains: CommitList
  /** Commits that the ref would lose and that no branch or tag has when the push has landed. */
  readonly loses: CommitList
  /**
   * Changed files from the old tree to the new one; of a new ref against where its line of first parents left the other
   * branches and tags, or nothing. Null: not computed; always null of a deleted ref.
   */
  readonly files: FileList | null
}

export interface CommitList {
  /** At most {@link COMMITS_KEPT} of them. */
  readonly commits: readonly CommitText[]
  /** All of them; null when they could not be counted. */
  readonly total: number | null
}

export const COMMITS_KEPT = 200
export const FILES_KEPT = 500

export interface Signature {
  readonly name: string
  readonly email: string
  /** Unix seconds, as the commit claims. */
  readonly time: number
}

export interface CommitText {
  readonly id: string
  /** At most 64 of them. */
  readonly parents: readonly string[]
  readonly author: Signature
  readonly committer: Signature
  /** At most 4096 characters of it. */
  readonly message: string
  readonly messageCut: boolean
}

export interface TagText {
  readonly name: string
  readonly target: string
  readonly tagger: Signature | null
  readonly message: string
  readonly messageCut: boolean
}

export interface FileList {
  /** At most {@link FILES_KEPT} of them. */
  readonly files: readonly FileChange[]
  readonly total: number
  /** Lines over all files; binary files count nothing. */
  readonly added: number
  readonly removed: number
}

export interface FileChange {
  /** At most 4096 bytes of it, then an ellipsis. */
  readonly path: string
  /** Former path of a renamed or copied file. */
  readonly from: string | null
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed' | 'copied' | 'type-changed'
  /** Octal modes, `000000` where there is no file; 120000 a symbolic link, 160000 a submodule. */
  readonly modes: readonly [before: string, after: string]
  /** Null for a binary file. */
  readonly added: number | null
  readonly removed: number | null
}

/** The text of one ref's changes. */
export interface Patch {
  readonly files: readonly PatchFile[]
  /** True when more would follow than was asked for. */
  readonly cut: boolean
}

export interface PatchFile {
  readonly change: FileChange
  /** Empty for a binary file, a pure rename or mode change. */
  readonly hunks: readonly Hunk[]
}

export interface Hunk {
  readonly before: { readonly start: number; readonly lines: number }
  readonly after: { readonly start: number; readonly lines: number }
  /** What git writes behind the second `@@`. */
  readonly heading: string
  readonly lines: readonly PatchLine[]
}

export interface PatchLine {
  readonly kind: 'same' | 'added' | 'removed' | 'no-newline'
  readonly text: string
  /** True when the line was longer than 2000 characters and is shown cut. */
  readonly cut: boolean
}
