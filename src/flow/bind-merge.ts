import type { RepoRef } from '../core/action/action.ts'
import type { Change } from '../core/action/change.ts'
import type { Field } from '../core/action/field.ts'
import { headOf } from '../core/action/merge.ts'
import { branchRef, saidIn, tipIn } from '../core/action/moves.ts'
import { isZeroId } from '../core/git/ref-update.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Merged, Merging } from '../spool/spool.ts'
import type { ForgePull, ForgeRepo } from '../upstream/forge.ts'
import { MAY_NOT_MOVE } from './check-standing.ts'
import type { FlowContext } from './context.ts'
import { placeOf } from './place-of-repo.ts'

interface Account {
  readonly id: string
  readonly name: string
}
type Context = Pick<FlowContext, 'forge' | 'spool'>

const look = 'Go back to the page of the pull request, and look at what is there now.'
const WITH_GIT = 'Merge with git, and push the result.'
const NO_PULL = refusal('not-found', 'There is no such pull request.', look)
const NOT_OPEN = {
  merged: refusal('bad-request', 'This pull request is merged already.', look),
  closed: refusal('bad-request', 'This pull request is closed.', 'Open it again first.'),
}
const REBASE = refusal(
  'not-allowed-yet',
  'A rebase makes commits that nobody can look at beforehand, so there is nothing to sign.',
  'Choose a merge commit; or rebase with git, and push the result.',
)
const NO_BASE = refusal('bad-request', 'The branch that this pull request goes to is gone.', look)
const NO_HEAD = refusal(
  'bad-request',
  'The branch that this pull request comes from is gone, or all of it is in the base branch already.',
  look,
)
const NOT_YOURS = refusal(
  'not-found',
  'You may not read the repository that these commits come from, so they cannot be shown to you.',
  WITH_GIT,
)

/** A pull request with both of its branches, as they are now. */
interface FoundPull {
  readonly base: { readonly branch: string; readonly id: string }
  readonly head: { readonly repo: ForgeRepo; readonly branch: string; readonly id: string }
}

/**
 * A merge together with what is merged: both branches with their commits, and the tree that comes of it, computed here. Its
 * person reads both repositories.
 */
export async function bindMerge(
  change: Change,
  repo: ForgeRepo,
  account: Account,
  ctx: Context,
): Promise<Result<Change, Refusal>> {
  if (!repo.permissions.push) return err(MAY_NOT_MOVE) // before anything is computed for them
  const said = saidIn(change.fields)
  if (said('style') !== 'merge-commit') return err(REBASE)
  const found = await findPull(repo, Number(said('pull')), account, ctx)
  if (!found.ok) return found
  const { base, head } = found.value
  const from = `${head.repo.owner}/${head.repo.name}`
  const bound: Field[] = [
    ['base-ref', `refs/heads/${base.branch}`],
    ['base', base.id],
    ['head-repo', from],
    ['head-repo-id', String(head.repo.id)],
    ['head-ref', `refs/heads/${head.branch}`],
    ['head', head.id],
  ]
  const merging = mergingOf([...change.stated, ...bound], repo, account, ctx)
  const tree = await ctx.spool.merge(merging, async (merged) => merged.tree)
  if (!tree.ok) return tree
  return ok({
    ...change,
    stated: [...change.stated, ...bound, ['result-tree', tree.value]],
    sentence: `${change.sentence}: ${head.repo.id === repo.id ? '' : `${from}, `}${head.branch} into ${base.branch}`,
  })
}

/** What a bound merge merges, for looking at it. */
function mergingOf(stated: Change['stated'], repo: RepoRef, account: Account, ctx: Context): Merging {
  const said = saidIn(stated)
  const head = headOf('pr.merge', stated)!
  const ref = branchRef(said('base-ref').slice('refs/heads/'.length))
  return {
    base: { ...placeOf(repo, 'code', account, ctx), id: said('base'), ref },
    head: { ...placeOf(head.repo, 'code', account, ctx), id: head.id },
  }
}

/** Look at a bound merge, computed again. */
export function lookAtMerge<T>(
  { stated }: Change,
  repo: RepoRef,
  account: Account,
  ctx: Context,
  work: (merged: Merged) => Promise<T>,
): Promise<Result<T, Refusal>> {
  return ctx.spool.merge(mergingOf(stated, repo, account, ctx), work)
}

/**
 * Whether a merge that was signed is still the one that the forge would do: the pull request is open, goes from the same branch to
 * the same branch, and both hold the signed commits. Words for the person when not.
 */
export async function movedMerge(
  change: Change,
  repo: ForgeRepo,
  account: Account,
  ctx: Context,
): Promise<string | undefined> {
  const said = saidIn(change.stated)
  const found = await findPull(repo, Number(said('pull')), account, ctx)
  if (!found.ok) return found.error.say
  const { base, head } = found.value
  if (`refs/heads/${base.branch}` !== said('base-ref') || base.id !== said('base'))
    return `${said('base-ref')} has moved since this was shown to you.`
  if (
    String(head.repo.id) !== said('head-repo-id') ||
    `refs/heads/${head.branch}` !== said('head-ref') ||
    head.id !== said('head')
  )
    return `${said('head-ref')} of ${said('head-repo')} has moved since this was shown to you.`
  return undefined
}

async function findPull(
  repo: ForgeRepo,
  index: number,
  { name }: Account,
  { forge }: Context,
): Promise<Result<FoundPull, Refusal>> {
  const pull: ForgePull | undefined = await forge.pull(repo, index, name)
  if (!pull) return err(NO_PULL)
  if (pull.state !== 'open') return err(NOT_OPEN[pull.state])
  if (pull.base === null) return err(NO_BASE)
  if (!pull.head) return err(NO_HEAD)
  // Whoever may see the pull request need not see where it comes from.
  const from = await forge.repo(pull.head.owner, pull.head.name, name)
  if (!from?.permissions.pull) return err(NOT_YOURS)
  const baseRefs = await forge.refs(repo, 'code', name)
  const headRefs = from.id === repo.id ? baseRefs : await forge.refs(from, 'code', name)
  if (!baseRefs || !headRefs) return err(NO_PULL)
  const base = tipIn(baseRefs, branchRef(pull.base))
  const head = tipIn(headRefs, branchRef(pull.head.branch))
  if (isZeroId(base)) return err(NO_BASE)
  if (isZeroId(head)) return err(NO_HEAD)
  const misread = pull.misread(baseRefs, headRefs)
  if (misread !== undefined)
    return err(refusal('bad-request', misread, `Rename it, or merge with git, and push the result.`))
  return ok({
    base: { branch: pull.base, id: base },
    head: { repo: from, branch: pull.head.branch, id: head },
  })
}
