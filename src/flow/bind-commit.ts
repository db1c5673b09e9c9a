import { Buffer } from 'node:buffer'
import type { Change } from '../core/action/change.ts'
import type { Field } from '../core/action/field.ts'
import { branchRef, partOf } from '../core/action/moves.ts'
import { blobId } from '../core/git/blob-id.ts'
import { cleanPerson, type FileEntry, writePerson } from '../core/git/commit-plan.ts'
import { isZeroId } from '../core/git/ref-update.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Inspection, Stage, StagedFile, StageOwner } from '../spool/spool.ts'
import type { CommitWays, ForgeRepo } from '../upstream/forge.ts'
import type { FlowContext } from './context.ts'
import { placeOf } from './place-of-repo.ts'
import { pathOf, planCommit } from './plan-commit.ts'

type Refs = ReadonlyMap<string, string>

/** Where a page makes its commit. */
interface Ground {
  readonly branch: string
  /** All zeros: there is nothing yet. */
  readonly tip: string
  /** What is behind the branch in the address; empty when nothing is. */
  readonly path: string
}

const NONE = '0'.repeat(40)
const look = 'Reload the page, and look at what is there now.'
const NOT_THERE = refusal('not-found', 'There is no such branch, or no such file in it.', look)
const TWO_READINGS = refusal(
  'bad-request',
  'In this address a tag stands where the branch does, so the two cannot be told apart.',
  'Rename one of them, or make the change with git and push it.',
)
const BRANCH_EXISTS = refusal('bad-request', 'There is a branch of that name.', 'Name another one.')
const FILE_EXISTS = refusal('bad-request', 'There is something at that path already.', look)
const NO_FILE = refusal(
  'bad-request',
  'Only files are changed here, no links, folders and submodules.',
  'Make the change with git, and push it.',
)
const NO_FOLDER = refusal(
  'bad-request',
  'A part of that path is a file, a link or a submodule, and no folder.',
  'Name another path.',
)
const NO_PATH = refusal('bad-request', 'No repository holds a file at that path.', 'Name another path.')
const CHANGED = refusal('bad-request', 'The file has changed since the page was made.', look)
const SAME = refusal('bad-request', 'The file holds exactly this already.', 'Change it, and send it again.')
const NO_UPLOAD = refusal(
  'not-found',
  'A file that was uploaded is no longer kept.',
  'Reload the page, and upload it again.',
)
const TWICE = refusal('bad-request', 'Two uploaded files have the same name.', 'Remove one of them.')
const NO_WIKI = refusal(
  'not-found',
  'This repository has no wiki that you may change.',
  'Ask its owner to switch the wiki on, or for write access.',
)
const NOBODY = refusal(
  'bad-request',
  'The forge knows no name of yours that a commit could bear.',
  'Give your profile a name on the forge.',
)

/** A branch and a path in one, told apart by the refs: of branches only one can begin it, and a tag may not. */
export function splitPlace(refs: Refs, at: string): Result<Ground, Refusal> {
  const parts = at.split('/')
  for (let count = 1; count <= parts.length; count++) {
    const name = parts.slice(0, count).join('/')
    const ref = branchRef(name)
    if (refs.has(ref.replace(/^refs\/heads\//, 'refs/tags/'))) return err(TWO_READINGS)
    const tip = refs.get(ref)
    if (tip !== undefined) return ok({ branch: name, tip, path: parts.slice(count).join('/') })
  }
  return err(NOT_THERE)
}

/**
 * A change of files with everything that its commit is made of, and with the commit's own id: it is built here once, thrown
 * away, and built again from what was signed when it is carried out.
 */
export async function bindCommit(
  change: Change,
  repo: ForgeRepo,
  account: { readonly id: string; readonly name: string },
  ctx: Pick<FlowContext, 'forge' | 'spool' | 'stage' | 'now'>,
): Promise<Result<Change, Refusal>> {
  const { forge } = ctx
  const part = partOf(change.verb)
  if (part === 'wiki' && !(await forge.commits.hasWiki(repo, account.name))) return err(NO_WIKI)
  const [refs, user] = await Promise.all([forge.refs(repo, part, account.name), forge.user(account.name)])
  if (!refs && part === 'code') return err(NOT_THERE)
  const ground = groundOf(change, refs ?? new Map(), forge.commits)
  if (!ground.ok) return ground
  const person =
    user && cleanPerson({ name: user.fullName === '' ? user.name : user.fullName, email: user.email })
  if (!person) return err(NOBODY)
  const { branch, tip } = ground.value
  const staged = stagedFor(change, { account: account.id, repo: repo.id }, ctx.stage)
  if (!staged) return err(NO_UPLOAD)
  const made: Field[] = [
    ['author', writePerson(person)],
    ['time', `${new Date(ctx.now()).toISOString().slice(0, 19)}Z`],
  ]
  let stated: readonly Field[] = []
  const built = await ctx.spool.make(
    placeOf(repo, part, account, ctx),
    isZeroId(tip) ? null : tip,
    async (inspection) => {
      const files = await (change.verb === 'file.upload'
        ? bindUploads(change, ground.value, inspection, forge.commits, staged)
        : bindFiles(change, ground.value, inspection, forge.commits))
      if (!files.ok) return files
      stated = [...change.stated, ['branch', branch], ['tip', tip], ...files.value, ...made]
      return ok(planCommit({ ...change, stated }, forge.commits, staged))
    },
    async ({ id }) => id,
  )
  return built.ok ? ok({ ...change, stated: [...stated, ['commit', built.value]] }) : built
}

function groundOf(change: Change, refs: Refs, ways: CommitWays): Result<Ground, Refusal> {
  const said = saidIn(change)
  if (partOf(change.verb) === 'wiki') {
    const branch = ways.wikiBranch(refs)
    return ok({ branch, tip: refs.get(branchRef(branch)) ?? NONE, path: '' })
  }
  if (said('commit-choice') === 'new-branch' && refs.has(branchRef(said('new-branch'))))
    return err(BRANCH_EXISTS)
  return splitPlace(refs, said('at'))
}

/** Paths that a change takes away or keeps, as they are named by its form. */
function pathsOf(
  change: Change,
  { path }: Ground,
  ways: CommitWays,
): { readonly from: string | null; readonly to: string | null } | undefined {
  const said = saidIn(change)
  const page = (title: string): string | undefined => ways.wikiFile(title)
  switch (change.verb) {
    case 'file.create':
      return { from: null, to: said('path') }
    case 'file.edit':
      return { from: path, to: said('path') }
    case 'file.delete':
      return { from: path, to: null }
    case 'wiki.create': {
      const to = page(said('title'))
      return to === undefined ? undefined : { from: null, to }
    }
    case 'wiki.update': {
      const [from, to] = [page(said('page')), page(said('title'))]
      const old = said('old-title')
      if (from === undefined || to === undefined || (old !== '' && page(old) !== from)) return undefined
      return { from, to }
    }
    case 'wiki.delete': {
      const from = page(said('page'))
      return from === undefined ? undefined : { from, to: null }
    }
    default:
      return undefined
  }
}

/** The uploaded files that a change names, in its order; undefined when one is not there, or not this person's. */
export function stagedFor(
  { fields }: Change,
  owner: StageOwner,
  stage: Pick<Stage, 'find'>,
): readonly StagedFile[] | undefined {
  const found = fields.filter(([key]) => key === 'file').map(([, id]) => stage.find(owner, id))
  return found.every((one) => one !== undefined) ? found : undefined
}

/** What uploaded files become: each by its path and content, and by what it replaces. */
async function bindUploads(
  change: Change,
  { tip }: Ground,
  inspection: Inspection,
  ways: CommitWays,
  staged: readonly StagedFile[],
): Promise<Result<readonly Field[], Refusal>> {
  const folder = saidIn(change)('path')
  const puts = new Map<string, string>()
  for (const one of staged) {
    const path = pathOf(folder, one)
    if (!ways.mayPut(path)) return err(NO_PATH)
    if (puts.has(path)) return err(TWICE)
    const taken = await isTaken(inspection, tip, path)
    const old = taken === FILE_EXISTS ? await inspection.file(tip, path) : null
    if (taken && !(old && isFile(old))) return err(taken === FILE_EXISTS ? NO_FILE : taken)
    if (old?.id === one.blob) return err(SAME)
    puts.set(path, `${path} ${one.blob} sha256:${one.sha256}${old ? ` instead of ${old.id}` : ''}`)
  }
  return ok([...puts.values()].sort().map((text): Field => ['put', text]))
}

/** Which files it takes away and keeps, by what is there now. */
async function bindFiles(
  change: Change,
  ground: Ground,
  inspection: Inspection,
  ways: CommitWays,
): Promise<Result<readonly Field[], Refusal>> {
  const said = saidIn(change)
  const wiki = partOf(change.verb) === 'wiki'
  const paths = pathsOf(change, ground, ways)
  if (!paths) return err(NO_PATH)
  const { from, to } = paths
  const { tip } = ground
  const bound: Field[] = []
  let old: FileEntry | null = null
  if (from !== null) {
    old = from === '' ? null : await inspection.file(tip, from)
    if (!old) return err(NOT_THERE)
    if (!isFile(old)) return err(NO_FILE)
    const shown = said('last-commit')
    if (shown !== '' && shown !== tip && (await inspection.file(shown, from))?.id !== old.id)
      return err(CHANGED)
    bound.push(['file', from], ['blob', old.id])
    if (to !== null) bound.push(['mode', old.mode])
  }
  if (to !== null) {
    if (!ways.mayPut(to)) return err(NO_PATH)
    if (from !== to) {
      const taken = await isTaken(inspection, tip, to)
      if (taken) return err(taken)
    }
    const id = blobId(Buffer.from(ways.content(change, said('content')), 'utf8'))
    if (from === to && old?.id === id) return err(SAME)
    if (wiki) bound.push(['new-file', to])
    bound.push(['new-blob', id])
  }
  return ok(bound)
}

/** Why a new file cannot be there: something is, or a part of its path is no folder. */
async function isTaken(inspection: Inspection, tip: string, path: string): Promise<Refusal | undefined> {
  const parts = path.split('/')
  for (let count = 1; count <= parts.length; count++) {
    const there = await inspection.file(tip, parts.slice(0, count).join('/'))
    if (!there) return undefined
    if (count === parts.length) return FILE_EXISTS
    if (there.mode !== '040000') return NO_FOLDER
  }
  return undefined
}

function saidIn({ fields }: Change): (key: string) => string {
  return (key) => fields.find((one) => one[0] === key)?.[1] ?? ''
}

function isFile({ mode }: FileEntry): boolean {
  return mode === '100644' || mode === '100755'
}
