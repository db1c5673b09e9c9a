import { groupOf } from '../core/action/verbs.ts'
import type { Proof } from '../core/proof.ts'
import { type Refusal, type RefusalReason, refusal } from '../core/refusal.ts'
import type { FlowContext } from './context.ts'
import type { Gate, Passage } from './passage.ts'

/** Which repositories nothing is enforced in; of what lies outside of one, only where nothing is enforced at all. */
export type ReportOnly = (repo: number | undefined) => boolean

/** What would have been asked for, or refused, if anything were enforced here. */
export interface WouldBe {
  readonly decision: 'challenge' | 'deny'
  readonly reason: RefusalReason
  readonly say: string
  /** `@id` of the policies. */
  readonly policies: readonly string[]
  readonly want: (Pick<Proof, 'method' | 'uv'> & { readonly people: number }) | null
}

/** Where notes go: on disk, at least the first of its kind, when it resolves. */
export interface NoteWouldBe {
  note(
    would: WouldBe & {
      readonly account: { readonly id: string; readonly name: string; readonly forgeId: number }
      readonly verb: string
      readonly repo: number | null
      readonly place: string
      readonly door: string
      /** Digest of the policy that was in force. */
      readonly policy: string
    },
  ): Promise<void>
}

/** What policy, or the lack of a proof, stops. Everything else stops whatever the mode. */
const WAIVED: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  'denied',
  'proof-needed',
  'others-needed',
  'proof-invalid',
  'not-allowed-yet',
])

/** A gate of policy: where nothing is enforced, what it would have stopped is noted and passes. */
export function reported(gate: Gate): Gate {
  return (passage, ctx) => {
    const answer = gate(passage, ctx)
    return answer instanceof Promise
      ? answer.then((refused) => refused && waive(passage, refused, ctx))
      : answer && waive(passage, answer, ctx)
  }
}

/**
 * Undefined when `refused` passes because nothing is enforced here; then it is noted. Never for who nobody knows, for what
 * somebody signed in the portal, or for verbs that are for nobody.
 */
export function waive(
  passage: Passage,
  refused: Refusal,
  ctx: Pick<FlowContext, 'reportOnly'>,
): Refusal | undefined {
  const { attempt, principal, repo, action, decision } = passage
  if (!ctx.reportOnly(repo?.id) || !principal || attempt.door === 'portal' || passage.held) return refused
  if (!WAIVED.has(refused.reason) || (action && groupOf(action.verb) === 'never')) return refused
  const asks =
    decision?.kind === 'challenge' &&
    (refused.reason === 'proof-needed' || refused.reason === 'others-needed')
  passage.would ??= {
    decision: asks ? 'challenge' : 'deny',
    reason: refused.reason,
    say: refused.say,
    policies: decision?.policies ?? [],
    want: asks ? { method: decision.want.method, uv: decision.want.uv, people: decision.people } : null,
  }
  return undefined
}

/** What stands for a wait where nobody waits. */
export function wouldAsk(why: string): Refusal {
  return refusal('proof-needed', `This takes a touch: ${why}.`)
}
