import { movesIn, type RepoRef } from '../core/action/action.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import { encodeField } from '../core/statement/percent.ts'
import type { Ledger, Recorded } from '../ledger/ledger.ts'
import { freeze } from './frozen.ts'
import type { RefOutcome } from './outcome.ts'
import { type Gate, known } from './passage.ts'

/** What came of an intent. Where nobody saw the forge's answer, the intent stays open and settling reads the refs. */
export const recordOutcome: Gate = async (passage, ctx) => {
  if (!passage.intent) return undefined
  const outcome = known(passage.outcome, 'outcome')
  const account = known(passage.principal, 'principal').account.id
  const action = known(passage.action, 'action')
  if (action.resource.kind !== 'repo' || (action.verb !== 'git.push' && movesIn(action).length === 0)) {
    await ctx.ledger.append({
      type: 'outcome',
      account,
      payload: {
        intent: passage.intent.index,
        result:
          outcome.kind === 'broken'
            ? 'unknown'
            : (outcome.accepted ?? (outcome.status ?? 0) < 400)
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
      'it ended without an answer; its refs will be read',
    )
    ctx.settleSoon()
    return undefined
  }
  await recordRefs(ctx.ledger, {
    intent: passage.intent,
    intentId: known(passage.intentId, 'intent id'),
    account,
    repo: action.resource.repo,
    part: action.resource.part,
    refs: outcome.refs,
    ...(action.verb !== 'git.push' && { status: outcome.status }),
    settledBy: 'response',
  })
  return undefined
}

/** Write what became of refs and close the intent, together. Where the forge did what nobody signed, the ref is frozen first. */
export async function recordRefs(
  ledger: Ledger,
  done: {
    readonly intent: Pick<Recorded, 'index'>
    readonly intentId: string
    readonly account: string
    readonly repo: RepoRef
    readonly part: 'code' | 'wiki'
    readonly refs: readonly RefOutcome[]
    /** Of a change by a page: the status that the forge answered; null when it was not asked. */
    readonly status?: number | null
    readonly settledBy: 'response' | 'start' | 'refs'
  },
): Promise<void> {
  const wrong = done.refs.filter(({ status }) => status === 'mismatch')
  if (wrong.length > 0) await freeze(ledger, { ...done, intent: done.intent.index, refs: wrong })
  await ledger.append(
    {
      type: 'outcome',
      account: done.account,
      repo: done.repo.id,
      payload: {
        intent: done.intent.index,
        result: summary(done.refs),
        refs: done.refs.map(
          ({ ref, status, reason, before, after }): Json => ({
            ref: encodeField(Buffer.from(ref, 'latin1')),
            status,
            ...(reason !== undefined && { reason }),
            ...(before !== undefined && after !== undefined && { before, after }),
          }),
        ),
        ...(done.status !== undefined && { status: done.status }),
        settledBy: done.settledBy,
      },
    },
    async (write) => {
      await write.updateTable('intent').set({ state: 'settled' }).where('id', '=', done.intentId).execute()
      return undefined
    },
  )
}

function summary(refs: readonly RefOutcome[]): 'accepted' | 'rejected' | 'partial' | 'unknown' | 'mismatch' {
  if (refs.some(({ status }) => status === 'mismatch')) return 'mismatch'
  if (refs.some(({ status }) => status === 'unknown')) return 'unknown'
  const accepted = refs.filter(({ status }) => status === 'ok').length
  return accepted === refs.length ? 'accepted' : accepted === 0 ? 'rejected' : 'partial'
}
