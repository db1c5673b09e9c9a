import { Buffer } from 'node:buffer'
import type { Change } from '../core/action/change.ts'
import type { Field } from '../core/action/field.ts'
import { branchRef } from '../core/action/moves.ts'
import { blobId } from '../core/git/blob-id.ts'
import type { FileEntry } from '../core/git/edited-commit.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Inspection } from '../spool/spool.ts'

type Refs = ReadonlyMap<string, string>

/** Where an editor's page makes its change. */
interface EditPlace {
  readonly branch: string
  readonly tip: string
  /** What is behind the branch in the address; empty when nothing is. */
  readonly path: string
}

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
const CHANGED = refusal('bad-request', 'The file has changed since the page was made.', look)

/** A branch and a path in one, told apart by the refs: of branches only one can begin it, and a tag may not. */
export function splitPlace(refs: Refs, at: string): Result<EditPlace, Refusal> {
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
 * An editor's change with what it is made against: branch, tip, the file's blob, and the blob that it will be. The forge takes
 * carriage returns out of what an editor sends.
 */
export async function bindEdit(
  change: Change,
  refs: Refs,
  inspection: Inspection,
): Promise<Result<Change, Refusal>> {
  const said = (key: string): string => change.fields.find((one) => one[0] === key)?.[1] ?? ''
  const place = splitPlace(refs, said('at'))
  if (!place.ok) return place
  const { branch, tip, path } = place.value
  if (said('commit-choice') === 'new-branch' && refs.has(branchRef(said('new-branch'))))
    return err(BRANCH_EXISTS)
  const bound: Field[] = [
    ['branch', branch],
    ['tip', tip],
  ]
  const { verb } = change
  if (verb !== 'file.create') {
    const file = path === '' ? null : await inspection.file(tip, path)
    if (!file) return err(NOT_THERE)
    if (!isFile(file)) return err(NO_FILE)
    const shown = said('last-commit')
    if (shown !== '' && shown !== tip && (await inspection.file(shown, path))?.id !== file.id)
      return err(CHANGED)
    bound.push(['file', path], ['blob', file.id])
  }
  if (verb !== 'file.delete') {
    if ((verb === 'file.create' || said('path') !== path) && (await inspection.file(tip, said('path'))))
      return err(FILE_EXISTS)
    bound.push(['new-blob', blobId(Buffer.from(said('content').replaceAll('\r', ''), 'utf8'))])
  }
  return ok({ ...change, stated: [...change.stated, ...bound] })
}

function isFile({ mode }: FileEntry): boolean {
  return mode === '100644' || mode === '100755'
}
