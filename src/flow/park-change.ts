import type { Decision } from '../core/policy/engine.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { WebAttempt } from './attempt.ts'
import { checkOpen } from './check-standing.ts'
import type { FlowContext } from './context.ts'
import { look } from './others.ts'
import { known, type Passage } from './passage.ts'
import { recordDecline } from './record-decline.ts'
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
  const { people } = decision
  const ways = (): ReturnType<typeof waysToApprove> => waysToApprove(passage, ctx, 'fields', false, people)
  if (ways().length === 0)
    return refusal(
      'proof-needed',
      `No passkey of yours is enough for this: ${decision.why}.`,
      'Add one in the portal, or ask an administrator.',
    )
  const action = known(passage.action, 'action')
  const wanted = { action, requester: account, shown: 'fields' } as const
  const parked = ctx.parked.park({
    account: account.id,
    device: device.id,
    sessions: session.parent === null ? [session.id] : [session.id, session.parent],
    change,
    resource: action.resource,
    why: decision.why,
    page,
    client,
    ways,
    people,
    life: ctx.askLife(change.verb),
    carryOut: (one, approval, countersigns) =>
      ctx.carryOut({ parked: one, approval, countersigns, route, path: attempt.path, session: session.id }),
    look: (other, fresh) => look(wanted, other, fresh, ctx),
    declined: (by, why, signed) => recordDecline(ctx, { ...wanted, by, why, signed }),
  })
  if (!parked.ok) return parked.error
  return {
    ...refusal(
      'proof-needed',
      `${change.sentence}: this takes a touch of your key${people > 0 ? ' and another person' : ''}.`,
      'Confirm it in the portal.',
    ),
    at: `${ctx.portalOrigin}/c/${parked.value.id}`,
  }
}
