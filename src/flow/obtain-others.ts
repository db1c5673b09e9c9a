import { NONCE_MAX_AGE_MS } from '../core/git/nonce.ts'
import type { AccountId } from '../core/identity.ts'
import type { Decision } from '../core/policy/engine.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { Countersign, Judged } from '../hold/asks.ts'
import { CLIENT_LEFT } from '../hold/create-holds.ts'
import { pushOf } from './attempt.ts'
import type { FlowContext } from './context.ts'
import { decisionRequest } from './decide.ts'
import { onlyOthers, othersNeeded } from './decide-again.ts'
import { holdSigned } from './hold-push.ts'
import { look } from './others.ts'
import { type Gate, known, type Passage } from './passage.ts'
import type { PushRequest } from './push-request.ts'
import { recordDecline } from './record-decline.ts'
import { type ProvenCountersign, verifyCountersign } from './verify-countersign.ts'

type Challenge = Extract<Decision, { kind: 'challenge' }>

/**
 * Other people's countersignatures, each verified anew; how many policy wants is asked next. Those of a change came along, or it
 * goes on waiting for them. A push waits for them here, on its open connection.
 */
export const obtainOthers: Gate = (passage, ctx) => {
  const { attempt } = passage
  if (attempt.door === 'portal')
    return attempt.countersigns.length === 0 ? undefined : count(passage, ctx, attempt.countersigns)
  const push = pushOf(attempt)
  if (!push || passage.proof.bound !== 'action') return undefined
  const decision = lackingOthers(passage, ctx)
  if (!decision) return undefined
  // Where nothing is enforced nobody waits: that it would have is noted.
  return ctx.reportOnly(passage.repo?.id)
    ? othersNeeded(decision)
    : waitForOthers(passage, ctx, push, decision)
}

/** What was proven is enough, once others agree: how many, and why. */
function lackingOthers(passage: Passage, ctx: FlowContext): Challenge | undefined {
  const decision = ctx.policy.decide(decisionRequest(passage, passage.proof), [])
  return decision.kind === 'challenge' && onlyOthers(passage, decision) ? decision : undefined
}

const NO_WAY_TO_WAIT = refusal(
  'others-needed',
  'This push takes another person, too, and your git cannot be kept waiting for them.',
  'Push with a stock git.',
)

async function waitForOthers(
  passage: Passage,
  ctx: FlowContext,
  push: PushRequest,
  { why, people }: Challenge,
): Promise<Refusal | undefined> {
  const client = push.wait
  if (!client) return NO_WAY_TO_WAIT
  const unfit = passage.held ? undefined : await holdSigned(passage, ctx, push, { why, people })
  if (unfit) return unfit
  const held = known(passage.held, 'hold')
  const requester = known(passage.principal, 'principal').account
  const action = known(passage.action, 'action')
  const { text: signed } = known(passage.statement, 'statement')
  const wanted = { action, requester, shown: 'diff' } as const
  // The nonce in what was signed must not be too old when it is all over.
  const life = Math.min(ctx.askLife('git.push'), NONCE_MAX_AGE_MS - MARGIN)
  let goOn!: () => void
  const enough = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const asked = ctx.asks.open({
    requester: requester.id,
    subject: { kind: 'push', hold: held.push.hold },
    action,
    signed,
    people,
    expiresAt: ctx.now() + life,
    look: (other, fresh) => look(wanted, other, fresh, ctx),
    async judge(given): Promise<Judged> {
      const judged = await judge(passage, ctx, given)
      if (judged.kind === 'over') goOn()
      if (judged.kind === 'failed') held.push.stop('refused', judged.refused)
      return judged
    },
    async declined(by, words) {
      const name = await recordDecline(ctx, { ...wanted, by, why: words, signed })
      const said = words === '' ? `${name} refused.` : `${name} refused: ${words}`
      held.push.stop('refused', refusal('not-approved', `Not countersigned. ${said}`), said)
    },
  })
  if (!asked.ok) return asked.error
  held.push.askOthers(asked.value, life)
  // Whoever left while the touch was looked at ended nothing then.
  if (client.gone.aborted) held.push.stop('gone', CLIENT_LEFT)
  client.say(
    `Signed. It waits for ${people === 1 ? 'another person' : `${people} others`}: ${ctx.portalOrigin}/countersign/${asked.value.id}`,
  )
  const { ended } = held.push
  const over = new Promise<void>((resolve) => {
    if (ended.aborted) resolve()
    else ended.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([enough, over])
  held.push.agreed()
  return ended.aborted ? (ended.reason as Refusal) : undefined
}

/** How much younger than its limit a nonce is when a push goes on, ms: what was signed may be minutes old already. */
const MARGIN = 20 * 60_000

async function judge(passage: Passage, ctx: FlowContext, given: readonly Countersign[]): Promise<Judged> {
  try {
    await count(passage, ctx, given)
  } catch (error) {
    ctx.log.error({ err: error }, 'a countersignature could not be judged')
    return { kind: 'failed', refused: refusal('internal', 'Something went wrong inside the gateway.') }
  }
  const lacking = lackingOthers(passage, ctx)
  if (!lacking) return { kind: 'over' } // the gates that follow decide
  return {
    kind: 'others',
    people: lacking.people,
    counted: (passage.countersigns ?? []).map(({ account }) => account.id),
    unfit: passage.unfit ?? new Map(),
  }
}

/** Keep those that count, of each person one. Why others do not is kept for whoever gave them. */
async function count(passage: Passage, ctx: FlowContext, given: readonly Countersign[]): Promise<undefined> {
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
