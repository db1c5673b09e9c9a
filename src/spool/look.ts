import { parseCommit } from '../core/git/commit-object.ts'
import {
  COMMITS_KEPT,
  type CommitText,
  FILES_KEPT,
  type Landing,
  type RefLanding,
  type Shown,
  type TagText,
} from '../core/git/landing.ts'
import { ObjectStream } from '../core/git/object-stream.ts'
import { isZeroId, type RefUpdate } from '../core/git/ref-update.ts'
import { parseTag } from '../core/git/tag-object.ts'
import { type Change, changedFiles } from './changes.ts'
import { type History, listCommits } from './history.ts'
import type { MirrorView } from './mirrors.ts'
import { type Peeled, peel } from './peel.ts'
import type { Reader } from './reader.ts'

export interface Looking {
  readonly read: Reader
  readonly view: MirrorView
  readonly updates: readonly RefUpdate[]
  /** How many of them are looked into. */
  readonly most: number
}

export interface Looked {
  readonly landing: Landing
  /** How the changes of a ref were computed, by its place in the commands; for its patch. */
  readonly changes: readonly (Change | null)[]
  /** git did not find all that it looked for, or was stopped. */
  readonly incomplete: boolean
}

/** Commits of one landing, over all refs. */
const COMMITS_OF_LANDING = 1000
/** A commit may be as long as a file; of a longer one the front is read. */
const OBJECT_KEPT = 6 << 20
const ORDER: readonly Shown[] = ['refs', 'commits', 'diff']

/** One ref as far as it could be computed. */
interface RefLook {
  readonly move: RefLanding['move']
  readonly gains: History | null
  readonly loses: History | null
  /** The two sides of its changes; null when there are none to compute. */
  readonly diff: { readonly from: string | null; readonly to: string } | null
  /** Why not all of it could be told. */
  readonly missing: string | null
}

/** What a push would do to a repository as its mirror shows it. Never rejects; what git did not tell is said in it. */
export async function lookInto({ read, view, updates, most }: Looking): Promise<Looked> {
  const seen = updates.slice(0, most)
  const missing: string[] = []
  let shown: Shown = 'diff'
  const lacks = (level: Shown, why: string): void => {
    if (ORDER.indexOf(level) < ORDER.indexOf(shown)) shown = level
    if (missing.length < MISSING_KEPT) missing.push(why)
  }
  if (updates.length > seen.length)
    lacks('refs', `Only the first ${seen.length} of ${updates.length} refs are looked into.`)

  const peeled = await peel(
    read,
    seen.flatMap(({ before, after }) => [before, after]),
  )
  const refs = refsBeside(view, updates)
  const looks: RefLook[] = []
  for (const update of seen) {
    const look = await relate(read, update, peeled, refs)
    if (look.missing !== null) lacks('refs', `${nameOf(update)}: ${look.missing}`)
    looks.push(look)
  }
  // Before the changes, since those may take all the time that there is.
  const texts = await readTexts(read, looks, seen, peeled)
  if (!texts.whole) lacks('refs', 'Not all commits could be read.')
  const changes: (Change | null)[] = []
  let incomplete = looks.some(({ gains, loses }) => !gains || !loses)
  for (const [i, { diff }] of looks.entries()) {
    const change = diff && (await changedFiles(read, diff.from, diff.to))
    changes.push(change)
    if (!diff) continue
    incomplete ||= !change
    const name = nameOf(seen[i]!)
    if (!change) lacks('commits', `${name}: its changed files could not be computed.`)
    else if (change.list.total > FILES_KEPT)
      lacks('commits', `${name}: only ${FILES_KEPT} of ${change.list.total} changed files are listed.`)
  }
  const commits = (history: History | null): RefLanding['gains'] => ({
    commits: (history?.ids ?? []).flatMap((id) => texts.commits.get(id) ?? []),
    total: history?.total ?? null,
  })
  return {
    landing: {
      refs: updates.map((update, i) => {
        const look = looks[i]
        if (!look) return unseenRef(update)
        return {
          update,
          move: look.move,
          tag: texts.tags.get(update.after) ?? null,
          gains: commits(look.gains),
          loses: commits(look.loses),
          files: changes[i]?.list ?? null,
        }
      }),
      shown,
      missing,
    },
    changes,
    incomplete,
  }
}

const MISSING_KEPT = 20

/** A landing of which nothing but the commands is known. */
export function unseen(updates: readonly RefUpdate[], why: string): Landing {
  return { refs: updates.map(unseenRef), shown: 'refs', missing: [why] }
}

function unseenRef(update: RefUpdate): RefLanding {
  const none = { commits: [], total: null }
  const move = isZeroId(update.before) ? 'create' : isZeroId(update.after) ? 'delete' : 'unknown'
  return { update, move, tag: null, gains: none, loses: none, files: null }
}

interface RefsBeside {
  /** Ids of branches and tags now. */
  readonly now: readonly string[]
  /** Ids of branches and tags when the push has landed. */
  readonly later: readonly string[]
}

/**
 * What pull requests point at is left out: anybody may have put it there, and a commit is new to a branch all the same.
 */
function refsBeside({ refs }: MirrorView, updates: readonly RefUpdate[]): RefsBeside {
  const later = new Map<string, string>()
  for (const [name, id] of refs) if (/^refs\/(?:heads|tags)\//.test(name)) later.set(name, id)
  const now = [...new Set(later.values())]
  for (const { ref, after } of updates) {
    if (isZeroId(after)) later.delete(ref)
    else later.set(ref, after)
  }
  return { now, later: [...new Set(later.values())] }
}

async function relate(
  read: Reader,
  { before, after }: RefUpdate,
  peeled: ReadonlyMap<string, Peeled>,
  refs: RefsBeside,
): Promise<RefLook> {
  const creates = isZeroId(before)
  const deletes = isZeroId(after)
  const old = peeled.get(before)
  const now = peeled.get(after)
  const guess = creates ? 'create' : deletes ? 'delete' : 'unknown'
  const nothing = { move: guess, gains: null, loses: null, diff: null } as const
  if (!creates && !old) return { ...nothing, missing: 'the repository does not have its old commit.' }
  if (!deletes && !now) return { ...nothing, missing: 'what it would point at could not be read.' }
  if ((old && old.type !== 'commit') || (now && now.type !== 'commit'))
    return { ...nothing, missing: 'it does not point at a commit.' }

  const none: History = { ids: [], total: 0, fork: null }
  let move: RefLanding['move'] = guess
  if (old && now) {
    const forward = await read.answer(['merge-base', '--is-ancestor', old.id, now.id])
    if (forward === null)
      return { ...nothing, missing: 'how the old commit and the new one relate could not be told.' }
    move = forward ? 'forward' : 'rewrite'
  }
  const gains = now ? await listCommits(read, now.id, old ? [old.id] : refs.now) : none
  const loses = old && move !== 'forward' ? await listCommits(read, old.id, refs.later) : none
  if (!gains || !loses)
    return { ...nothing, move, gains, loses, missing: 'its commits could not all be listed.' }
  const listed = gains.total <= COMMITS_KEPT && loses.total <= COMMITS_KEPT
  return {
    move,
    gains,
    loses,
    diff: now ? { from: old ? old.id : gains.fork, to: now.id } : null,
    missing: listed ? null : `only the newest ${COMMITS_KEPT} commits are listed.`,
  }
}

interface Texts {
  readonly commits: ReadonlyMap<string, CommitText>
  readonly tags: ReadonlyMap<string, TagText>
  readonly whole: boolean
}

/** Commits and annotated tags, read in one go and parsed by ourselves: no `.mailmap`, no encoding, no pretty format. */
async function readTexts(
  read: Reader,
  looks: readonly RefLook[],
  updates: readonly RefUpdate[],
  peeled: ReadonlyMap<string, Peeled>,
): Promise<Texts> {
  const wanted = new Set<string>()
  for (const { after } of updates) if (peeled.get(after)?.tag) wanted.add(after)
  const tagged = wanted.size
  let whole = true
  for (const { gains, loses } of looks)
    for (const id of [...(gains?.ids ?? []), ...(loses?.ids ?? [])]) {
      if (wanted.size - tagged < COMMITS_OF_LANDING) wanted.add(id)
      else if (!wanted.has(id)) whole = false
    }
  const commits = new Map<string, CommitText>()
  const tags = new Map<string, TagText>()
  const stream = new ObjectStream(OBJECT_KEPT, ({ id, type, bytes, more }) => {
    if (type === 'commit') commits.set(id, parseCommit(id, bytes, more))
    else if (type === 'tag') tags.set(id, parseTag(bytes, more))
  })
  const ended =
    wanted.size === 0 ||
    (await read.stream(['cat-file', '--batch', '--buffer'], (chunk) => stream.push(chunk), [...wanted]))
  return {
    commits,
    tags,
    whole: whole && ended === true && stream.ended() && commits.size + tags.size === wanted.size,
  }
}

/** A ref's name for the person. */
function nameOf({ ref }: RefUpdate): string {
  return Buffer.from(ref, 'latin1').toString('utf8')
}
