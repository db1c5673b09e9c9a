import type { CommitList, Landing, Patch, PatchFile, Shown } from '../../core/git/landing.ts'
import type { Hold } from '../../hold/holds.ts'
import { LINE } from './hold-code.ts'
import { drawTable } from './hold-table.ts'

/** How much of a push one page shows. */
export interface Room {
  /** Commits of all lists. */
  readonly commits: number
  /** Entries of each list of files. */
  readonly files: number
  /** Refs whose changes are fetched: each is work for git. */
  readonly patches: number
  /** Text of all patches, bytes. */
  readonly bytes: number
  /** Rows of all patches. */
  readonly rows: number
}

export const GLANCE: Room = { commits: 60, files: 60, patches: 10, bytes: 256 * 1024, rows: 3000 }
export const ALL: Room = {
  commits: 100_000,
  files: 100_000,
  patches: 100,
  bytes: 8 * 1024 * 1024,
  rows: 200_000,
}

/** What one page will contain of a push. */
export interface Look {
  /** By the index of the ref; refs without changes have none. */
  readonly patches: ReadonlyMap<number, ShownPatch>
  /** The most that the page contains whole. */
  readonly whole: Shown
  /** Whether {@link ALL} would contain more. */
  readonly more: boolean
  /** Why it is less than a diff, beyond what the landing says itself. */
  readonly lacks: readonly string[]
}

export interface ShownPatch {
  readonly files: readonly { readonly file: PatchFile; readonly table: string }[]
  /** Further files of the patch, without their text. */
  readonly left: readonly PatchFile[]
  /** True when the patch itself goes on. */
  readonly cut: boolean
}

/** Fetch what fits into `room`, and say what of the push is whole then. */
export async function lookAt(hold: Pick<Hold, 'patch'>, landing: Landing, room: Room): Promise<Look> {
  const patches = new Map<number, ShownPatch>()
  const lacks: string[] = []
  let { bytes, rows, patches: calls } = room
  let wholeDiff = true
  let longLines = 0
  let binary = 0
  let unreadable = false
  for (const [index, { files }] of landing.refs.entries()) {
    if (!files || files.total === 0) continue
    if (bytes <= 0 || rows <= 0 || calls-- <= 0) {
      wholeDiff = false
      continue
    }
    // The hold may end while git reads: then there is nothing to show, which is no failure of the page.
    const patch = await hold.patch(index, bytes).catch(() => undefined)
    if (!patch) {
      unreadable = true
      wholeDiff = false
      continue
    }
    const fits = fitting(patch, { bytes, rows })
    bytes -= fits.bytes
    rows -= fits.rows
    longLines += fits.longLines
    binary += fits.files.filter(({ change }) => change.added === null).length
    if (fits.cut || fits.left.length > 0) wholeDiff = false
    const drawn: { file: PatchFile; table: string }[] = []
    for (const file of fits.files) drawn.push({ file, table: await drawTable(file.hunks) })
    patches.set(index, { files: drawn, left: fits.left, cut: fits.cut })
  }
  if (unreadable) lacks.push('Some of the changes could not be read any more.')
  if (longLines > 0)
    lacks.push(
      `${longLines === 1 ? 'One line is' : `${longLines} lines are`} longer than ${LINE} characters and cut, so this is not the whole diff.`,
    )
  if (binary > 0)
    lacks.push(
      `${binary === 1 ? 'One file is' : `${binary} files are`} binary, and a page cannot show what is in there, so this is not the whole diff.`,
    )
  const lists = landing.refs.flatMap(({ gains, loses }) => [gains, loses])
  const listed = lists.reduce((sum, { commits }) => sum + commits.length, 0)
  const kept = lists.every(isKept)
  if (!kept) lacks.push('There are more commits than can be listed.')
  const commits = kept && listed <= room.commits
  const whole: Shown =
    landing.shown === 'refs' || !commits
      ? 'refs'
      : landing.shown === 'diff' && wholeDiff && longLines === 0 && binary === 0
        ? 'diff'
        : 'commits'
  const more =
    room !== ALL &&
    (listed > room.commits ||
      (!wholeDiff && !unreadable) ||
      landing.refs.some(({ files }) => (files?.files.length ?? 0) > room.files))
  return { patches, whole, more, lacks }
}

function isKept({ commits, total }: CommitList): boolean {
  return total === commits.length
}

/** Whole files from the start, for as long as there is room. */
function fitting(
  patch: Patch,
  room: { readonly bytes: number; readonly rows: number },
): Omit<ShownPatch, 'files'> & {
  readonly files: readonly PatchFile[]
  readonly bytes: number
  readonly rows: number
  readonly longLines: number
} {
  const files: PatchFile[] = []
  let bytes = 0
  let rows = 0
  let longLines = 0
  for (const file of patch.files) {
    const size = sizeOf(file)
    if (rows + size.rows > room.rows || bytes + size.bytes > room.bytes * 2) break
    bytes += size.bytes
    rows += size.rows
    longLines += size.longLines
    files.push(file)
  }
  return { files, left: patch.files.slice(files.length), cut: patch.cut, bytes, rows, longLines }
}

function sizeOf({ hunks }: PatchFile): { bytes: number; rows: number; longLines: number } {
  let bytes = 0
  let rows = 1
  let longLines = 0
  for (const { lines } of hunks) {
    rows += lines.length + 1
    for (const { text, cut } of lines) {
      bytes += Math.min(text.length, LINE)
      if (cut || text.length > LINE) longLines++
    }
  }
  return { bytes, rows, longLines }
}
