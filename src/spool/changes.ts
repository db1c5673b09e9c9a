import type { FileList, Patch } from '../core/git/landing.ts'
import { parsePatch } from '../core/git/patch.ts'
import { RawDiffReader } from '../core/git/raw-diff.ts'
import { EMPTY_TREE } from './git.ts'
import type { Reader } from './reader.ts'

/** Two trees, what differs between them, and how that was found. */
export interface Change {
  readonly list: FileList
  readonly args: readonly string[]
}

/** Nothing of a pushed tree or of a configuration may hide or dress up a change. */
const DIFF = [
  'diff-tree',
  '-r',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--full-index',
  '--no-relative',
  '--submodule=short',
  '--ignore-submodules=none',
  '--diff-algorithm=myers',
  '--src-prefix=a/',
  '--dst-prefix=b/',
]
/** Renames are a convenience: when finding them takes too much, the same change is told without. */
const RENAMES = [['-M', '-l1000'], ['--no-renames']]

/** Changed files from one commit to another, or from nothing; null when git could not tell. */
export async function changedFiles(read: Reader, from: string | null, to: string): Promise<Change | null> {
  const trees = [from ?? EMPTY_TREE[read.format], to]
  for (const renames of RENAMES) {
    const reader = new RawDiffReader()
    const ended = await read.stream(
      [...DIFF, ...renames, '-z', '--raw', '--numstat', ...trees, '--'],
      (chunk) => reader.push(chunk),
    )
    const list = ended ? reader.end() : undefined
    if (list) return { list, args: [...DIFF, ...renames, '-p', ...trees, '--'] }
  }
  return null
}

/** The text of a change, up to about `bytes`. */
export async function readPatch(read: Reader, { list, args }: Change, bytes: number): Promise<Patch> {
  const text = await read.upTo(args, bytes)
  return text
    ? parsePatch(text.bytes, list.files, text.more || list.total > list.files.length)
    : { files: [], cut: true }
}
