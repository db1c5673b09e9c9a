import { mergeOf } from '../core/action/merge.ts'
import type { FlowContext } from './context.ts'
import { judgeMerge } from './judge-merge.ts'
import { landed, pageMoves, refsNow } from './landed.ts'
import { ALARM, type RefOutcome } from './outcome.ts'
import { known, type Passage } from './passage.ts'
import { placeOf } from './place-of-repo.ts'

/** What a change of a page did to its refs, as they are now: the forge's answer alone does not tell. */
export function seeMoves(passage: Passage, ctx: FlowContext): undefined | Promise<undefined> {
  const moves = pageMoves(known(passage.action, 'action'))
  return moves.length === 0 ? undefined : see(passage, ctx)
}

async function see(passage: Passage, ctx: FlowContext): Promise<undefined> {
  const outcome = known(passage.outcome, 'outcome')
  if (outcome.kind === 'broken') return undefined
  const moves = pageMoves(known(passage.action, 'action'))
  const { verb, stated } = known(passage.change, 'change')
  const { account } = known(passage.principal, 'principal')
  const place = placeOf(known(passage.repo, 'repo'), 'code', account, ctx)
  let refs: RefOutcome[]
  try {
    refs = await landed(moves, await refsNow(passage, ctx), outcome, async (commit) =>
      verb === 'pr.merge'
        ? judgeMerge(ctx, place, mergeOf(stated), commit)
        : { status: 'unknown', reason: 'it is not looked into yet' },
    )
  } catch (error) {
    ctx.log.warn({ err: error, intent: known(passage.intent, 'intent').index }, 'refs could not be read')
    passage.outcome = { ...outcome, refs: null, accepted: false, told: UNSEEN }
    return undefined
  }
  const wrong = refs.find(({ status }) => status === 'mismatch')
  const unseen = refs.some(({ status }) => status === 'unknown')
  if (wrong) ctx.log.error({ intent: known(passage.intent, 'intent').index, ...wrong }, ALARM)
  passage.outcome = {
    ...outcome,
    refs,
    accepted: refs.every(({ status }) => status === 'ok'),
    ...(wrong ? { told: MISMATCH } : unseen && { told: UNSEEN }),
  }
  return undefined
}

const UNSEEN = 'The forge answered, but the branch could not be read afterwards. It is being looked into.'
const MISMATCH =
  'The forge did something else than you signed. The branch is frozen and it is on record: look at it, and tell your administrator.'
