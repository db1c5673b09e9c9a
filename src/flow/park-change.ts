import type { Decision } from '../core/policy/engine.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { WebAttempt } from './attempt.ts'
import { checkOpen } from './check-standing.ts'
import type { FlowContext } from './context.ts'
import { known, type Passage } from './passage.ts'
import { waysToApprove } from './ways-to-approve.ts'

/**
 * A change that takes a touch is described and set aside; the person goes on in the portal, where every field of it is signed.
 * What is carried out then is written anew from those fields: of this request nothing is kept.
 */
export function parkChange(
  passage: Passage,
  ctx: FlowContext,
  attempt: WebAttempt,
  decision: Extract<Decision, { kind: 'challenge' }>,
): Refusal {
  const ended = checkOpen(passage, ctx) // what ended before this was parked would not end it
  if (ended) return ended
  const { account, device } = known(passage.principal, 'principal')
  const session = known(passage.session, 'session')
  const change = known(passage.change, 'change')
  const { route, client, page } = attempt
  const ways = (): ReturnType<typeof waysToApprove> => waysToApprove(passage, ctx, 'fields', false)
  if (ways().length === 0)
    return refusal(
      'proof-needed',
      `No passkey of yours is enough for this: ${decision.why}.`,
      'Add one in the portal, or ask an administrator.',
    )
  const parked = ctx.parked.park({
    account: account.id,
    device: device.id,
    sessions: session.parent === null ? [session.id] : [session.id, session.parent],
    change,
    resource: known(passage.action, 'action').resource,
    why: decision.why,
    page,
    client,
    ways,
    carryOut: (one, approval) =>
      ctx.carryOut({ parked: one, approval, route, path: attempt.path, session: session.id }),
  })
  if (!parked.ok) return parked.error
  return {
    ...refusal(
      'proof-needed',
      `${change.sentence}: this takes a touch of your key.`,
      'Confirm it in the portal.',
    ),
    at: `${ctx.portalOrigin}/c/${parked.value.id}`,
  }
}
