import type { Change } from '../core/action/change.ts'
import { branchRef, isRelease, makesCommit } from '../core/action/moves.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ForgeRepo } from '../upstream/forge.ts'
import { bindCommit } from './bind-commit.ts'
import { bindMerge } from './bind-merge.ts'
import { bindRelease } from './bind-release.ts'
import type { FlowContext } from './context.ts'

const NO_BRANCH = refusal(
  'not-found',
  'There is no such branch.',
  'Go back to the page of the branches, and look at what is there.',
)
const MOVED = refusal(
  'bad-request',
  'The branch has moved since the page was made.',
  'Reload the page, and look at what is there now.',
)

/**
 * A change whose effect is a ref, together with what the ref holds now: that is shown, signed, and held against the forge
 * before and after. Read as `account`. Any other change is given back as it is.
 */
export async function bindChange(
  change: Change,
  repo: ForgeRepo,
  account: { readonly id: string; readonly name: string },
  ctx: Pick<FlowContext, 'forge' | 'spool' | 'stage' | 'now'>,
): Promise<Result<Change, Refusal>> {
  if (isRelease(change.verb)) return bindRelease(change, repo, account, ctx)
  if (change.verb === 'pr.merge') return bindMerge(change, repo, account, ctx)
  if (makesCommit(change.verb)) return bindCommit(change, repo, account, ctx)
  if (change.verb !== 'branch.delete') return ok(change)
  const refs = await ctx.forge.refs(repo, 'code', account.name)
  return refs ? bindDeletion(change, refs) : err(NO_BRANCH)
}

function bindDeletion(change: Change, refs: ReadonlyMap<string, string>): Result<Change, Refusal> {
  const said = (key: string): string | undefined => change.fields.find((one) => one[0] === key)?.[1]
  const branch = said('branch') ?? ''
  const tip = refs.get(branchRef(branch))
  if (tip === undefined) return err(NO_BRANCH)
  const known = said('commit')
  if (known !== undefined && known !== tip) return err(MOVED)
  // The forge is told the commit, too, and deletes no other.
  const fields = [
    ['branch', branch],
    ['commit', tip],
  ] as const
  return ok({ ...change, fields, stated: fields })
}
