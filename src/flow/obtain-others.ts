import type { AccountId } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { Countersign } from '../hold/asks.ts'
import { pushOf } from './attempt.ts'
import type { FlowContext } from './context.ts'
import { decisionRequest } from './decide.ts'
import type { Gate, Passage } from './passage.ts'
import { type ProvenCountersign, verifyCountersign } from './verify-countersign.ts'

/**
 * Other people's countersignatures, each verified anew; how many policy wants is asked next. Those of a change came along, or
 * it goes on waiting for them.
 */
export const obtainOthers: Gate = (passage, ctx) => {
  const { attempt } = passage
  if (attempt.door === 'portal')
    return attempt.countersigns.length === 0 ? undefined : count(passage, ctx, attempt.countersigns)
  if (!pushOf(attempt) || passage.proof.bound !== 'action') return undefined
  const decision = ctx.policy.decide(decisionRequest(passage, passage.proof), [])
  return decision.kind === 'challenge' && decision.people > 0 ? ALONE : undefined
}

const ALONE = refusal(
  'others-needed',
  'This push takes another person, too.',
  'Change it on a page, or ask an administrator.',
)

/** Keep those that count, of each person one. Why others do not is kept for whoever gave them. */
export async function count(
  passage: Passage,
  ctx: FlowContext,
  given: readonly Countersign[],
): Promise<undefined> {
  const counted = new Map<number, ProvenCountersign>()
  const unfit = new Map<AccountId, Refusal>()
  for (const one of given) {
    const verified = await verifyCountersign(passage, ctx, one)
    if (!verified.ok) unfit.set(one.account, verified.error)
    else if (!counted.has(verified.value.account.forgeId))
      counted.set(verified.value.account.forgeId, verified.value)
  }
  passage.countersigns = [...counted.values()]
  passage.unfit = unfit
  return undefined
}
