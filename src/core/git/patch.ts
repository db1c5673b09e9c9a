import type { FileChange, Hunk, Patch, PatchFile, PatchLine } from './landing.ts'
import { cut, decode } from './object-text.ts'

// What `git diff-tree -p` writes (git-diff-tree, "GENERATING PATCH TEXT WITH -P"), for each file:
//   "diff --git ..." LF  extended header lines  [ "---" and "+++" lines, hunks ]   or   "Binary files ... differ" LF
//   hunk = "@@ -" start [ "," lines ] " +" start [ "," lines ] " @@" [ SP heading ] LF, then exactly so many lines
// Lines of a hunk are counted, so no content can pass for a header. Paths are not read here: git quotes them, and the list of
// changed files has them as they are, in the same order.

const LINE_KEPT = 2000
const HEADING_KEPT = 200
const DIFF = Buffer.from('diff --git ')

/**
 * Read a patch. `changes`: the changed files in git's order. `more`: git had more to say than `bytes`; then, and when this is
 * not what git writes, what is whole is given and `cut` is true.
 */
export function parsePatch(bytes: Buffer, changes: readonly FileChange[], more: boolean): Patch {
  const lines = new Lines(bytes)
  const files: PatchFile[] = []
  for (const change of changes) {
    if (lines.ended) return { files, cut: true }
    const hunks: Hunk[] = []
    // A file that becomes a link, or the like, is written as one removed and one added.
    for (let part = change.status === 'type-changed' ? 2 : 1; part > 0; part--) {
      const whole = readFile(lines, hunks)
      if (whole) continue
      if (hunks.length > 0) files.push({ change, hunks })
      return { files, cut: true }
    }
    files.push({ change, hunks })
  }
  return { files, cut: more || !lines.ended }
}

/** The lines of one file, added to `hunks`. False when they end early. */
function readFile(lines: Lines, hunks: Hunk[]): boolean {
  if (!lines.next()?.subarray(0, DIFF.length).equals(DIFF)) return false
  for (;;) {
    if (lines.ended) return !lines.torn
    const line = lines.peek()
    if (line === undefined) return false
    if (line.subarray(0, DIFF.length).equals(DIFF)) return true
    lines.next()
    if (line[0] !== 0x40) continue // an extended header line; none begins with @
    const hunk = readHunk(lines, line)
    if (!hunk) return false
    hunks.push(hunk)
  }
}

function readHunk(lines: Lines, head: Buffer): Hunk | undefined {
  // The heading is content; it must not be searched for the second @@.
  const match = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(?: |$)/.exec(head.toString('latin1'))
  if (!match) return undefined
  const [, oldStart, oldLines = '1', newStart, newLines = '1'] = match
  let before = Number(oldLines)
  let after = Number(newLines)
  const read: PatchLine[] = []
  while (before > 0 || after > 0) {
    const line = lines.next()
    const kind = line && KIND[line[0]!]
    if (!line || !kind) return undefined
    if (kind === 'same' || kind === 'removed') before--
    if (kind === 'same' || kind === 'added') after--
    if (before < 0 || after < 0) return undefined
    read.push(lineOf(kind, line))
  }
  const last = lines.peek()
  if (last?.[0] === 0x5c) {
    lines.next()
    read.push(lineOf('no-newline', last))
  }
  return {
    before: { start: Number(oldStart), lines: Number(oldLines) },
    after: { start: Number(newStart), lines: Number(newLines) },
    heading: cut(decode(head.subarray(match[0].length)), HEADING_KEPT),
    lines: read,
  }
}

const KIND: Record<number, PatchLine['kind']> = { 32: 'same', 43: 'added', 45: 'removed', 92: 'no-newline' }

function lineOf(kind: PatchLine['kind'], line: Buffer): PatchLine {
  const text = decode(line.subarray(1, LINE_KEPT * 4))
  const kept = cut(text, LINE_KEPT)
  return { kind, text: kept, cut: kept.length < text.length || line.length > LINE_KEPT * 4 }
}

/** Lines that end with LF and nothing else; what comes behind the last one is torn off. */
class Lines {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** No whole line is left. */
  get ended(): boolean {
    return this.#bytes.indexOf(10, this.#at) === -1
  }

  get torn(): boolean {
    return this.#at < this.#bytes.length
  }

  peek(): Buffer | undefined {
    const end = this.#bytes.indexOf(10, this.#at)
    return end === -1 ? undefined : this.#bytes.subarray(this.#at, end)
  }

  next(): Buffer | undefined {
    const line = this.peek()
    if (line) this.#at += line.length + 1
    return line
  }
}
