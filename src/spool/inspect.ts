import type { CommitLook, Difference, FileEntry } from '../core/git/commit-plan.ts'
import type { CommitMade } from '../core/git/merged-commit.ts'
import type { Refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { EMPTY_TREE, NO_FILES, type ObjectFormat } from './git.ts'
import type { MirrorView } from './mirrors.ts'
import type { PushContext } from './push.ts'
import { createReader, type Reader } from './reader.ts'
import { closed, notLookedInto } from './refusals.ts'
import type { Inspection, Place } from './spool.ts'

/** More differences than this are not what one page changes. */
const DIFFERENCES_MOST = 1 << 20

/** A mirror that was fetched after somebody asked, and that stays for as long as they work beside it. */
export interface Beside {
  /** Where the mirror is. */
  readonly mirror: string
  readonly read: Reader
  /** Aborts when the work takes too long, and when the spool closes. */
  readonly signal: AbortSignal
}

type BesideContext = Pick<PushContext, 'git' | 'mirrors' | 'limits' | 'turns'>

/** Let `work` use a repository's mirror that was fetched after it asked. Refused when it cannot be had in time. */
export async function onMirror<T>(
  place: Place,
  format: ObjectFormat,
  { mirrors, limits }: Pick<PushContext, 'mirrors' | 'limits'>,
  closing: AbortSignal,
  work: (view: MirrorView) => Promise<Result<T, Refusal>>,
): Promise<Result<T, Refusal>> {
  if (closing.aborted) return err(closed())
  const lease = mirrors.lease(place, format)
  try {
    const late = AbortSignal.timeout(limits.mirrorWaitMs)
    const given = AbortSignal.any([late, closing])
    const mirrored = await Promise.race([
      lease.updated,
      new Promise<undefined>((resolve) => given.addEventListener('abort', () => resolve(undefined))),
    ])
    if (closing.aborted) return err(closed())
    return mirrored?.kind === 'view' ? await work(mirrored.view) : err(notLookedInto())
  } finally {
    lease.release()
  }
}

/**
 * Work beside the mirror of a repository. What is read there is named by its id, which git computed here from what came; so it
 * does not matter who sent it. Refused when the repository cannot be read in time.
 */
export function beside<T>(
  place: Place,
  format: ObjectFormat,
  context: BesideContext,
  closing: AbortSignal,
  work: (beside: Beside) => Promise<T>,
): Promise<Result<T, Refusal>> {
  const { git, limits, turns } = context
  return onMirror(place, format, context, closing, async ({ path: mirror }) => {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(limits.lookMs)])
    const release = await turns.take(place.account, signal)
    if (!release) return err(notLookedInto())
    try {
      const bounds = { memory: limits.processBytes, seconds: limits.processSeconds, file: NO_FILES }
      const read = createReader({ git, repository: mirror, format, bounds, signal })
      return ok(await work({ mirror, read, signal }))
    } finally {
      release()
    }
  })
}

/** Questions about commits to whoever reads them. */
export function inspectionOf(read: Reader): Inspection {
  return {
    file: (commit, path) => fileAt(read, commit, path),
    commit: (id) => lookAt(read, id),
    made: (id) => madeOf(read, id),
  }
}

/** `git ls-tree`: paths are taken as they are, and never as patterns. */
async function fileAt(read: Reader, commit: string, path: string): Promise<FileEntry | null> {
  const out = await read.upTo(['ls-tree', '-z', '--full-tree', commit, '--', path], 8192)
  const found = /^(\d{6}) (?:blob|tree|commit) ([0-9a-f]+)\t([^\0]*)\0$/.exec(
    out?.bytes.toString('utf8') ?? '',
  )
  return found && found[3] === path ? { mode: found[1]!, id: found[2]! } : null
}

/** A commit's parents as git has them, and what `git diff-tree` says against the first, or nothing; null when it cannot be read. */
export async function lookAt(read: Reader, id: string): Promise<CommitLook | null> {
  const line = await read.upTo(['rev-list', '--parents', '--max-count=1', '--end-of-options', id], 1 << 16)
  const [own, ...parents] = line?.bytes.toString('latin1').trimEnd().split(' ') ?? []
  if (own !== id) return null
  const before = parents[0] ?? EMPTY_TREE[read.format]
  const out = await read.upTo(
    ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--full-index', '--end-of-options', before, id],
    DIFFERENCES_MOST,
  )
  const changes = out && !out.more ? differences(out.bytes.toString('utf8')) : null
  return changes && { parents, changes }
}

/** A commit's parents and tree as git has them. */
async function madeOf(read: Reader, id: string): Promise<CommitMade | null> {
  const line = await read.upTo(
    ['log', '--max-count=1', '--no-show-signature', '--format=%H %T %P', '--end-of-options', id],
    1 << 16,
  )
  const [own, tree, ...parents] = line?.bytes.toString('latin1').trimEnd().split(' ') ?? []
  return own === id && tree !== undefined ? { tree, parents: parents.filter(Boolean) } : null
}

/** git-diff-tree, "RAW OUTPUT FORMAT", with -z. */
function differences(text: string): Difference[] | null {
  const tokens = text.split('\0')
  if (tokens.pop() !== '' || tokens.length % 2 !== 0) return null
  const found: Difference[] = []
  for (let at = 0; at < tokens.length; at += 2) {
    const [mode, newMode, before, after] = /^:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) [A-Z]$/
      .exec(tokens[at]!)
      ?.slice(1) ?? [undefined, undefined, undefined, undefined]
    if (mode === undefined || newMode === undefined || before === undefined || after === undefined)
      return null
    found.push({ path: tokens[at + 1]!, before: entry(mode, before), after: entry(newMode, after) })
  }
  return found
}

function entry(mode: string, id: string): FileEntry | null {
  return mode === '000000' ? null : { mode, id }
}
