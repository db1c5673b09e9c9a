import { tipIn, tipsOf } from '../core/action/moves.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
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
  const change = known(passage.change, 'change')
  const action = known(passage.action, 'action')
  if (action.verb === 'git.push' || action.verb === 'git.fetch') return undefined
  const refs = await refsNow(passage, ctx)
  const moved = tipsOf(change.verb, change.stated).find(({ ref, id }) => tipIn(refs, ref) !== id)
  if (!moved) return undefined
  await recordRefs(ctx.ledger, {
    intent: known(passage.intent, 'intent'),
    intentId: known(passage.intentId, 'intent id'),
    account: known(passage.principal, 'principal').account.id,
    repo: known(passage.repo, 'repo').id,
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
    `${Buffer.from(moved.ref, 'latin1').toString('utf8')} has moved since this was shown to you. Nothing was done.`,
    'Go back to its page, look at what is there now, and send the form again.',
  )
}
