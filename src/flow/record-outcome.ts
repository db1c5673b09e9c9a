import type { Json } from '../core/ledger/canonical-json.ts'
import { encodeField } from '../core/statement/percent.ts'
import type { Ledger, Recorded } from '../ledger/ledger.ts'
import type { RefOutcome } from './outcome.ts'
import { type Gate, known } from './passage.ts'

/** What came of an intent. Where nobody saw the forge's answer, the intent stays open and settling reads the refs. */
export const recordOutcome: Gate = async (passage, ctx) => {
  if (!passage.intent) return undefined
  const outcome = known(passage.outcome, 'outcome')
  const account = known(passage.principal, 'principal').account.id
  const action = known(passage.action, 'action')
  if (action.verb !== 'git.push') {
    await ctx.ledger.append({
      type: 'outcome',
      account,
      payload: {
        intent: passage.intent.index,
        result:
          outcome.kind === 'broken'
            ? 'unknown'
            : (outcome.accepted ?? outcome.status < 400)
              ? 'accepted'
              : 'rejected',
        status: outcome.kind === 'answered' ? outcome.status : null,
        refs: [],
        settledBy: 'response',
      },
    })
    return undefined
  }
  if (outcome.kind === 'broken' || outcome.refs === null) {
    ctx.log.warn(
      { intent: passage.intent.index, outcome },
      'a push ended without an answer; its refs will be read',
    )
    ctx.settleSoon()
    return undefined
  }
  await recordPushOutcome(ctx.ledger, {
    intent: passage.intent,
    intentId: known(passage.intentId, 'intent id'),
    account,
    repo: action.resource.repo.id,
    refs: outcome.refs,
    settledBy: 'response',
  })
  return undefined
}

/** Write a push's outcome and close its intent, together. */
export async function recordPushOutcome(
  ledger: Ledger,
  push: {
    readonly intent: Pick<Recorded, 'index'>
    readonly intentId: string
    readonly account: string
    readonly repo: number
    readonly refs: readonly RefOutcome[]
    readonly settledBy: 'response' | 'start' | 'refs'
  },
): Promise<void> {
  await ledger.append(
    {
      type: 'outcome',
      account: push.account,
      repo: push.repo,
      payload: {
        intent: push.intent.index,
        result: summary(push.refs),
        refs: push.refs.map(
          ({ ref, status, reason }): Json => ({
            ref: encodeField(Buffer.from(ref, 'latin1')),
            status,
            ...(reason !== undefined && { reason }),
          }),
        ),
        settledBy: push.settledBy,
      },
    },
    async (write) => {
      await write.updateTable('intent').set({ state: 'settled' }).where('id', '=', push.intentId).execute()
      return undefined
    },
  )
}

function summary(refs: readonly RefOutcome[]): 'accepted' | 'rejected' | 'partial' | 'unknown' {
  if (refs.some(({ status }) => status === 'unknown')) return 'unknown'
  const accepted = refs.filter(({ status }) => status === 'ok').length
  return accepted === refs.length ? 'accepted' : accepted === 0 ? 'rejected' : 'partial'
}
