import type { KeptRef, RefMove } from '../core/action/moves.ts'
import { isZeroId } from '../core/git/ref-update.ts'
import { accountId } from '../core/identity.ts'
import { ForgeError } from '../upstream/forge.ts'
import type { FlowContext } from './context.ts'
import { judgeMerge } from './judge-merge.ts'
import { ALARM, type RefOutcome } from './outcome.ts'
import { placeOf } from './place-of-repo.ts'
import { recordRefs } from './record-outcome.ts'

/**
 * Close intents that nobody saw the end of, by reading the refs. A forge of our own is gone with the gateway that died; of
 * another, and during a run, two equal readings stand in for quiet, and for a page's change some minutes.
 * Resolves to the number of intents that are still open.
 */
export async function settle(
  ctx: Pick<FlowContext, 'store' | 'forge' | 'ledger' | 'identity' | 'spool' | 'log' | 'now'>,
  options: {
    readonly by: 'start' | 'refs'
    readonly except: ReadonlySet<string>
    readonly quietMs: number
    /** The forge that was asked has ended, so nothing can still come of it. */
    readonly forgeGone?: boolean
  },
): Promise<number> {
  const open = await ctx.store.db.selectFrom('intent').selectAll().where('state', '=', 'open').execute()
  let left = 0
  for (const intent of open) {
    if (options.except.has(intent.id)) continue
    const repo = { id: intent.repo_id, owner: intent.repo_owner, name: intent.repo_name }
    const asUser = ctx.identity.account(accountId(intent.account_id))?.name
    const reader = { id: intent.account_id, name: asUser ?? intent.repo_owner }
    const place = placeOf(repo, intent.part, reader, ctx)
    try {
      const first = await ctx.forge.refs(repo, intent.part, asUser ?? intent.repo_owner)
      await new Promise((resolve) => setTimeout(resolve, options.quietMs))
      const second = await ctx.forge.refs(repo, intent.part, asUser ?? intent.repo_owner)
      if (first && second && !sameRefs(first, second)) {
        left++
        continue
      }
      const kept = JSON.parse(intent.updates) as KeptRef[]
      // What does not move was only kept from others; where nothing moves, the refs cannot tell.
      const moving = kept.filter(({ before, after }) => intent.exclusive === 0 || before !== after)
      const moves = moving.length > 0 ? moving : kept
      const refs: RefOutcome[] = []
      for (const move of moves) {
        const judged = judge(move, second)
        const { after } = judged
        refs.push(
          move.merge && after !== undefined
            ? {
                ref: move.ref,
                before: move.before,
                after,
                ...(await judgeMerge(ctx, place, move.merge, after)),
              }
            : judged,
        )
      }
      if (options.forgeGone !== true && mayStillCome(intent, refs, ctx.now())) {
        left++
        continue
      }
      const wrong = refs.find(({ status }) => status === 'mismatch')
      if (wrong) ctx.log.error({ intent: intent.entry_index, ...wrong }, ALARM)
      await recordRefs(ctx.ledger, {
        intent: { index: intent.entry_index },
        intentId: intent.id,
        account: intent.account_id,
        repo,
        part: intent.part,
        refs,
        settledBy: options.by,
      })
    } catch (error) {
      if (await isOver(error, intent, ctx)) continue
      left++
      ctx.log.warn({ err: error, intent: intent.entry_index }, 'an open intent could not be settled yet')
    }
  }
  return left
}

/**
 * Whether an intent ends although nobody can read its refs: the forge answers, but lets none of those read who may be asked, and
 * would long have done what it was going to. It would keep others from the refs for good.
 */
async function isOver(
  error: unknown,
  intent: OpenIntent,
  ctx: Pick<FlowContext, 'ledger' | 'log' | 'now'>,
): Promise<boolean> {
  if (!(error instanceof ForgeError) || error.code !== 'unexpected') return false
  if (ctx.now() < intent.created_at + LATE_MS) return false
  ctx.log.error({ err: error, intent: intent.entry_index }, 'nobody can read what became of an intent')
  const refs = (JSON.parse(intent.updates) as KeptRef[]).map(
    ({ ref }): RefOutcome => ({ ref, status: 'unknown', reason: 'nobody may read the repository' }),
  )
  await recordRefs(ctx.ledger, {
    intent: { index: intent.entry_index },
    intentId: intent.id,
    account: intent.account_id,
    repo: { id: intent.repo_id, owner: intent.repo_owner, name: intent.repo_name },
    part: intent.part,
    refs,
    settledBy: 'refs',
  })
  return true
}

/** What an open intent says of itself. */
interface OpenIntent {
  readonly id: string
  readonly entry_index: number
  readonly part: 'code' | 'wiki'
  /** JSON. */
  readonly updates: string
  readonly account_id: string
  readonly repo_id: number
  readonly repo_owner: string
  readonly repo_name: string
  readonly exclusive: number
  /** Unix ms. */
  readonly created_at: number
}

/** How long the forge may take to carry out a page's change that it gave no answer to, ms: a merge is a clone and five steps. */
export const LATE_MS = 12 * 60_000

/**
 * A page's change that has not happened may still, during a run: the forge clones the repository first. Until it no longer
 * can, its refs stay kept from others.
 */
export function mayStillCome(
  intent: Pick<OpenIntent, 'exclusive' | 'created_at'>,
  refs: readonly RefOutcome[],
  now: number,
): boolean {
  return (
    intent.exclusive === 1 &&
    now < intent.created_at + LATE_MS &&
    refs.some(({ status, after }) => status === 'ng' || (status === 'unknown' && after === undefined))
  )
}

/** What a ref's present value says about an update that may or may not have happened. */
export function judge(
  { ref, before, after }: RefMove,
  refs: ReadonlyMap<string, string> | undefined,
): RefOutcome {
  if (!refs) return { ref, status: 'unknown', reason: 'the repository could not be read' }
  const now = refs.get(ref)
  if (before === after)
    return {
      ref,
      status: 'unknown',
      reason: 'the ref was to stay, so it does not tell what the forge did',
      before,
      after: now ?? '0'.repeat(before.length),
    }
  if (now === after || (now === undefined && after !== null && isZeroId(after))) return { ref, status: 'ok' }
  if (now === before || (now === undefined && isZeroId(before)))
    return { ref, status: 'ng', reason: 'not carried out' }
  if (after === null)
    return { ref, status: 'unknown', reason: 'it is not looked into yet', before, after: now ?? before }
  return { ref, status: 'unknown', reason: 'the ref has a third value' }
}

function sameRefs(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false
  for (const [ref, id] of a) if (b.get(ref) !== id) return false
  return true
}
