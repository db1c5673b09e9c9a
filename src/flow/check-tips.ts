import { tipIn, tipsOf } from '../core/action/moves.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { movedMerge } from './bind-merge.ts'
import type { FlowContext } from './context.ts'
import { refsNow } from './landed.ts'
import { known, type Passage } from './passage.ts'
import { recordRefs } from './record-outcome.ts'

/**
 * Refs are still what they were when the change was shown and signed. Nobody moves them through this gateway any more: the
 * intent is on disk, and keeps others from them until its outcome.
 */
export function checkTips(
  passage: Passage,
  ctx: FlowContext,
): Refusal | undefined | Promise<Refusal | undefined> {
  const { change, action } = passage
  if (!change || action?.verb === 'git.push' || action?.verb === 'git.fetch') return undefined
  const moves = action?.moves ?? []
  return moves.length === 0 ? undefined : judge(passage, ctx)
}

async function judge(passage: Passage, ctx: FlowContext): Promise<Refusal | undefined> {
  const action = known(passage.action, 'action')
  if (action.verb === 'git.push' || action.verb === 'git.fetch') return undefined
  const moved = await whatMoved(passage, ctx)
  if (moved === undefined) return undefined
  await recordRefs(ctx.ledger, {
    intent: known(passage.intent, 'intent'),
    intentId: known(passage.intentId, 'intent id'),
    account: known(passage.principal, 'principal').account.id,
    repo: known(passage.repo, 'repo'),
    part: action.resource.kind === 'repo' ? action.resource.part : 'code',
    refs: (action.moves ?? []).map(({ ref }) => ({
      ref,
      status: 'ng',
      reason: 'it was not sent: a branch had moved since it was shown',
    })),
    status: null,
    settledBy: 'refs',
  })
  return refusal(
    'proof-invalid',
    `${moved} Nothing was done.`,
    'Go back to its page, look at what is there now, and send the form again.',
  )
}

/** What is not any more as it was signed, in words for the person. */
async function whatMoved(passage: Passage, ctx: FlowContext): Promise<string | undefined> {
  const change = known(passage.change, 'change')
  if (change.verb === 'pr.merge')
    return movedMerge(change, known(passage.repo, 'repo'), known(passage.principal, 'principal').account, ctx)
  const refs = await refsNow(passage, ctx)
  const moved = tipsOf(change.verb, change.stated).find(({ ref, id }) => tipIn(refs, ref) !== id)
  return (
    moved && `${Buffer.from(moved.ref, 'latin1').toString('utf8')} has moved since this was shown to you.`
  )
}
