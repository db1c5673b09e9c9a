import type { Decision } from '../core/policy/engine.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { ParkedChange } from '../hold/parked-changes.ts'
import type { ApiAttempt, WebAttempt } from './attempt.ts'
import { lookAtMerge } from './bind-merge.ts'
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
  attempt: WebAttempt | ApiAttempt,
  decision: Extract<Decision, { kind: 'challenge' }>,
): Refusal {
  const ended = checkOpen(passage, ctx) // what ended before this was parked would not end it
  if (ended) return ended
  const { account, device, via, credential } = known(passage.principal, 'principal')
  const { session, token } = passage
  const change = known(passage.change, 'change')
  const { route, path } = passage.asForm ?? attempt
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
    sessions: [session?.id, session?.parent].filter((id) => id != null),
    ...(token && { token }),
    change,
    resource: action.resource,
    why: decision.why,
    page: attempt.door === 'web' ? attempt.page : '/',
    client: attempt.client,
    ways,
    people,
    life: ctx.askLife(change.verb),
    ...(change.verb === 'pr.merge' && { merge: merging(passage, ctx) }),
    carryOut: (one, approval, countersigns) =>
      ctx.carryOut({ parked: one, approval, countersigns, route, path, via, credential }),
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

/** How the page that asks for the touch looks at a merge. */
function merging(passage: Passage, ctx: FlowContext): NonNullable<ParkedChange['merge']> {
  const { account } = known(passage.principal, 'principal')
  const repo = known(passage.repo, 'repo')
  const change = known(passage.change, 'change')
  return async (work) => {
    const looked = await lookAtMerge(change, repo, account, ctx, async (merged) => {
      await work({ landing: await merged.look(), patch: (bytes) => merged.patch(bytes) })
    })
    return looked.ok ? undefined : looked.error
  }
}
