import { FILES_KEPT, type FileChange, type FileList } from './landing.ts'
import { decode } from './object-text.ts'

// What `git diff-tree -r -z --raw --numstat -M` writes (git-diff-tree, "RAW OUTPUT FORMAT", "OTHER DIFF FORMATS"): first for
// each file   ":" mode SP mode SP id SP id SP status [score] NUL path NUL [path NUL]
// then, for each file in the same order   added TAB removed TAB path NUL   or   added TAB removed TAB NUL path NUL path NUL
// A path is any bytes but NUL, so only its place tells that it is one.

const PATH_KEPT = 4096
const TOKEN_KEPT = PATH_KEPT + 64

interface Raw {
  path: string
  from: string | null
  status: FileChange['status']
  modes: readonly [string, string]
  added: number | null
  removed: number | null
}

const STATUS: Record<string, FileChange['status']> = {
  A: 'added',
  M: 'modified',
  D: 'deleted',
  R: 'renamed',
  C: 'copied',
  T: 'type-changed',
}

/** Reads it as it comes, in chunks of any size: keeps the first {@link FILES_KEPT} files and counts the others. */
export class RawDiffReader {
  readonly #files: Raw[] = []
  #total = 0
  #counted = 0
  #added = 0
  #removed = 0
  #token: Buffer[] = []
  #tokenSize = 0
  /** What the next tokens are: paths of the file or of the counts before, or a new record. */
  #paths = 0
  #file: Raw | null = null
  #broken = false

  /** False when this is not what git writes; nothing more is read then. */
  push(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length && !this.#broken; ) {
      const end = chunk.indexOf(0, at)
      this.#keep(chunk.subarray(at, end === -1 ? chunk.length : end))
      if (end === -1) return true
      const token = Buffer.concat(this.#token)
      const long = this.#tokenSize > TOKEN_KEPT
      this.#token = []
      this.#tokenSize = 0
      this.#take(token, long)
      at = end + 1
    }
    return !this.#broken
  }

  /** All of it; undefined when it ended early or is not what git writes. */
  end(): FileList | undefined {
    if (this.#broken || this.#paths > 0 || this.#tokenSize > 0 || this.#counted !== this.#total)
      return undefined
    return { files: this.#files, total: this.#total, added: this.#added, removed: this.#removed }
  }

  #keep(part: Buffer): void {
    const room = part.subarray(0, Math.max(0, TOKEN_KEPT - this.#tokenSize))
    if (room.length > 0) this.#token.push(Buffer.from(room))
    this.#tokenSize += part.length
  }

  #take(token: Buffer, long: boolean): void {
    if (this.#paths > 0) {
      this.#paths--
      const file = this.#file
      if (!file) return // of a file that is only counted
      const path = decode(token.subarray(0, PATH_KEPT)) + (long || token.length > PATH_KEPT ? '\u2026' : '')
      if (file.from === null || this.#paths === 1) file.from = path
      else file.path = path
      if (this.#paths === 0) this.#settle(file)
      return
    }
    if (token[0] === 0x3a && this.#counted === 0) this.#record(token.toString('latin1'))
    else this.#counts(token.toString('latin1'))
  }

  /** Paths come in the order from, to; a file with one path has no `from`. */
  #settle(file: Raw): void {
    if (file.path === '' && file.from !== null) {
      file.path = file.from
      file.from = null
    }
    this.#file = null
  }

  #record(text: string): void {
    const match = /^:([0-7]{6}) ([0-7]{6}) [0-9a-f]+ [0-9a-f]+ ([AMDRCT])\d*$/.exec(text)
    if (!match) {
      this.#broken = true
      return
    }
    const status = STATUS[match[3]!]!
    this.#total++
    this.#paths = status === 'renamed' || status === 'copied' ? 2 : 1
    this.#file = null
    if (this.#files.length >= FILES_KEPT) return
    this.#file = { path: '', from: null, status, modes: [match[1]!, match[2]!], added: null, removed: null }
    this.#files.push(this.#file)
  }

  #counts(text: string): void {
    const match = /^(\d+|-)\t(\d+|-)\t/.exec(text)
    if (!match || this.#counted >= this.#total) {
      this.#broken = true
      return
    }
    const file = this.#files[this.#counted++]
    if (match[0].length === text.length) this.#paths = 2 // a path is never empty
    const [added, removed] = [match[1], match[2]].map((count) => (count === '-' ? null : Number(count)))
    this.#added += added ?? 0
    this.#removed += removed ?? 0
    if (!file) return
    file.added = added ?? null
    file.removed = removed ?? null
  }
}
