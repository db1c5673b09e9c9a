import type { Change } from '../core/action/change.ts'
import type { Field } from '../core/action/field.ts'
import { branchRef, tagRef } from '../core/action/moves.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { BOUND_FIELDS } from '../core/statement/change-fields.ts'
import type { Stage, StagedFile } from '../spool/spool.ts'
import type { Forge, ForgeRelease, ForgeRepo } from '../upstream/forge.ts'

const look = 'Go back to the page of the releases, and look at what is there now.'
const NO_BRANCH = refusal('not-found', 'There is no such branch to make the tag from.', look)
const NO_RELEASE = refusal('not-found', 'There is no such release.', look)
const EXISTS = refusal('bad-request', 'There is a release of that tag already.', look)
const TWO_TAGS = refusal(
  'bad-request',
  'The forge keeps this release under another spelling of its tag.',
  'Use the address that the page of the releases leads to.',
)
const NO_FILE = refusal(
  'not-found',
  'A file that was uploaded is no longer kept, or is not yours.',
  'Reload the page, and upload it again.',
)
const CHANGED = refusal(
  'proof-invalid',
  'The release, its tag or its branch has changed since this was shown to you. Nothing was done.',
  look,
)

type Refs = ReadonlyMap<string, string>
type Reader = { readonly id: string; readonly name: string }
interface Asked {
  readonly forge: Pick<Forge, 'refs' | 'releases' | 'attachment'>
  readonly stage: Pick<Stage, 'find'>
}

/**
 * A change of a release together with the tag that it names, makes or takes along: an object that is there is bound by its
 * id; one that is not yet, by the commit that the forge makes it at. Files are bound by their content.
 */
export async function bindRelease(
  change: Change,
  repo: ForgeRepo,
  reader: Reader,
  ctx: Asked,
): Promise<Result<Change, Refusal>> {
  const said = (key: string): string => change.fields.find((one) => one[0] === key)?.[1] ?? ''
  const { forge } = ctx
  const [refs, releases] = await Promise.all([
    forge.refs(repo, 'code', reader.name),
    forge.releases(repo, reader.name),
  ])
  if (!refs || !releases) return err(NO_RELEASE)
  const tag = said('tag')
  const found = releases.find((one) =>
    change.verb === 'release.delete' ? String(one.id) === said('release') : sameTag(one.tag, tag),
  )
  const bind = (bound: readonly Field[]): Result<Change, Refusal> =>
    ok({ ...change, stated: [...change.stated, ...bound] })
  if (change.verb === 'release.delete') {
    if (!found) return err(NO_RELEASE)
    return bind([['tag', found.tag], ...there(refs, found.tag)])
  }
  const files = await digests(change, reader, ctx)
  if (!files.ok) return files
  const draft = said('draft') === 'yes'
  if (change.verb === 'release.create') {
    if (found) return err(EXISTS)
    const made = draft ? ok([]) : tagOf(refs, { tag, target: said('target') }, false)
    return made.ok ? bind([...files.value, ...made.value]) : made
  }
  if (!found) return err(NO_RELEASE)
  if (found.tag !== tag) return err(TWO_TAGS)
  const made = draft ? ok([]) : tagOf(refs, found, true)
  return made.ok ? bind([['release', String(found.id)], ...files.value, ...made.value]) : made
}

/** The same again right before it is carried out: what was signed must still be all of it. */
export async function stillBound(
  change: Change,
  repo: ForgeRepo,
  reader: Reader,
  ctx: Asked,
): Promise<Refusal | undefined> {
  const bound = BOUND_FIELDS[change.verb] ?? []
  const own = change.stated.filter(([key]) => !bound.includes(key))
  const again = await bindRelease({ ...change, stated: own }, repo, reader, ctx)
  if (!again.ok) return again.error
  return same(again.value.stated, change.stated) ? undefined : CHANGED
}

/** The forge keeps one release for all spellings of a tag. */
function sameTag(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function there(refs: Refs, tag: string): readonly Field[] {
  const id = refs.get(tagRef(tag))
  return id === undefined ? [] : [['tag-id', id]]
}

/** The tag that a published release has: one that is there, or one made at the tip of `target`. */
function tagOf(
  refs: Refs,
  { tag, target }: Pick<ForgeRelease, 'tag' | 'target'>,
  sayTarget: boolean,
): Result<readonly Field[], Refusal> {
  const id = there(refs, tag)
  if (id.length > 0) return ok(id)
  const tip = refs.get(branchRef(target))
  if (tip === undefined) return err(NO_BRANCH)
  return ok([...(sayTarget ? [['target', target] as const] : []), ['commit', tip]])
}

/** The files that are kept here for this release, by the words that its form has for them. */
export function stagedFiles(
  { fields }: Change,
  account: string,
  stage: Pick<Stage, 'find'>,
): readonly StagedFile[] {
  const ids = fields.filter(([key]) => key === 'file').map(([, id]) => id)
  return ids.flatMap((id) => stage.find({ account, repo: null }, id) ?? [])
}

/** Each file by its content, and one that is new by its name as well. */
async function digests(
  change: Change,
  reader: Reader,
  { forge, stage }: Asked,
): Promise<Result<readonly Field[], Refusal>> {
  const fresh = new Map(stagedFiles(change, reader.id, stage).map((one) => [one.id, one]))
  const bound: Field[] = []
  for (const [key, id] of change.fields) {
    if (key !== 'file') continue
    const staged = fresh.get(id)
    const digest = staged?.sha256 ?? (await forge.attachment(id, reader.name))
    if (digest === undefined) return err(NO_FILE)
    bound.push(['file-digest', `${id} sha256:${digest}${staged ? ` ${staged.name}` : ''}`])
  }
  return ok(bound)
}

function same(a: readonly Field[], b: readonly Field[]): boolean {
  return a.length === b.length && a.every(([key, value], at) => key === b[at]![0] && value === b[at]![1])
}
