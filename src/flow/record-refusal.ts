import type { Refusal } from '../core/refusal.ts'
import type { FlowContext } from './context.ts'
import type { Passage } from './passage.ts'
import { recordHoldEnd } from './record-hold.ts'

/** More would change it. */
const CHALLENGES: ReadonlySet<Refusal['reason']> = new Set(['proof-needed', 'others-needed'])

/**
 * A refusal is on record: in the ledger for somebody who is signed in, in the log for strangers, so that nobody can
 * grow the ledger from outside. A person who is refused over and over fills the log, too, not the ledger.
 */
export async function recordRefusal(passage: Passage, refused: Refusal, ctx: FlowContext): Promise<Refusal> {
  const { attempt, principal, action, repo, now } = passage
  const facts = {
    reason: refused.reason,
    door: attempt.door,
    method: attempt.method,
    path: attempt.path,
    client: attempt.client.address,
  }
  if (!principal) {
    ctx.log.info(facts, 'refused a stranger')
    return refused
  }
  ctx.log.info({ ...facts, account: principal.account.name }, 'refused')
  if (passage.held?.entry && !passage.intent) {
    await recordHoldEnd(passage, refused, ctx).catch((error: unknown) =>
      ctx.log.error({ err: error }, 'the end of a hold could not be recorded'),
    )
    return refused
  }
  // What went wrong after the forge was asked is no decision: its intent says that it was wanted, and settling what came of it.
  if (passage.intent && refused.reason === 'internal') return refused
  if (!ctx.refusalLimiter.mayTry(principal.account.id, now)) return refused
  ctx.refusalLimiter.failed(principal.account.id, now)
  try {
    await ctx.ledger.append({
      type: 'decision',
      account: principal.account.id,
      ...(repo && { repo: repo.id }),
      payload: {
        decision: CHALLENGES.has(refused.reason) ? 'challenge' : 'deny',
        reason: refused.reason,
        say: refused.say,
        actor: {
          account: principal.account.id,
          name: principal.account.name,
          forgeId: principal.account.forgeId,
        },
        device: principal.device.id,
        action: action?.verb ?? null,
        repo: repo ? { id: repo.id, owner: repo.owner, name: repo.name } : null,
        request: { method: attempt.method, path: attempt.path },
        policy: { digest: ctx.policy.digest, named: [...(passage.decision?.policies ?? [])] },
        door: attempt.door,
      },
    })
  } catch (error) {
    ctx.log.error({ err: error }, 'a refusal could not be recorded')
  }
  return refused
}
