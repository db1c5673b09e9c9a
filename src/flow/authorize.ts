import { type Refusal, refusal } from '../core/refusal.ts'
import type { Attempt } from './attempt.ts'
import { checkForge } from './check-forge.ts'
import { checkForm } from './check-form.ts'
import { checkFrozen } from './check-frozen.ts'
import { checkName } from './check-name.ts'
import { checkOrigin } from './check-origin.ts'
import { checkRefs } from './check-refs.ts'
import { checkScope } from './check-scope.ts'
import { checkStanding } from './check-standing.ts'
import { checkTips } from './check-tips.ts'
import type { FlowContext } from './context.ts'
import { decide } from './decide.ts'
import { decideAgain } from './decide-again.ts'
import { describe } from './describe.ts'
import { forward } from './forward.ts'
import { letGo } from './hold-push.ts'
import { identify } from './identify.ts'
import { obtainOthers } from './obtain-others.ts'
import { obtainProof } from './obtain-proof.ts'
import type { Outcome } from './outcome.ts'
import { begin, type Gate, known, type Passage } from './passage.ts'
import { recordIntent } from './record-intent.ts'
import { recordOutcome } from './record-outcome.ts'
import { recordRefusal } from './record-refusal.ts'
import { recordWould } from './record-would.ts'
import { reported } from './report-only.ts'
import { seeMoves } from './see-moves.ts'
import { verifyProof } from './verify-proof.ts'

/** Every gate, in order, for every door. A new gate is a new file and a new row here. */
const GATES: readonly Gate[] = [
  identify, //      who asks: session cookie, git password or token, never a client's header
  checkForm, //     a form is a form: no other body that the forge would read as one
  checkOrigin, //   unsafe requests with cookie authority come from our own pages only
  checkName, //     the forge still calls the person by the name that we act under
  describe, //      what is asked, in named fields; what has no name is refused
  checkScope, //    a token reaches no further than it was made for
  checkForge, //    changes only of a forge whose version is known
  checkRefs, //     only refs that a person may push
  checkStanding, // account and device are active, the forge's permission stands
  checkFrozen, //   no ref of it waits for an administrator's look
  reported(decide), //       policy on what has been proven so far
  reported(obtainProof), //  when policy wants more: what was offered, or a wait for a touch
  reported(verifyProof), //  the signature, its flags, its nonce, its text against the commands
  reported(obtainOthers), // when policy wants other people: their countersignatures, verified
  reported(decideAgain), //  policy on the proof as it is, with standing as it is now
  recordWould, //   where nothing is enforced: what would have been asked for or refused
  recordIntent, //  durable before the forge hears of a change
  checkTips, //     refs that a page moves are still what was signed
  forward, //       carried out
  seeMoves, //      what became of them
  recordOutcome, // what came of it
]

export type Verdict =
  | { readonly kind: 'passed'; readonly outcome: Outcome; readonly passage: Passage }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly passage: Passage }

/** Who asks and from which page, before a form is read. */
export function mayAsk(attempt: Attempt, ctx: FlowContext): Refusal | undefined {
  const passage = begin(attempt, ctx.now())
  for (const gate of [identify, checkForm, checkOrigin]) {
    const refused = gate(passage, ctx)
    if (refused) return refused as Refusal
  }
  return undefined
}

/** Only the first gate: who asks, before a body is read. */
export function whoAsks(attempt: Attempt, ctx: FlowContext): Refusal | undefined {
  return identify(begin(attempt, ctx.now()), ctx)
}

/** Take one attempt through the gates. Never throws: what goes wrong inside is a refusal, too. */
export async function authorize(attempt: Attempt, ctx: FlowContext): Promise<Verdict> {
  const passage = begin(attempt, ctx.now())
  let refused: Refusal | undefined
  try {
    for (const gate of GATES) {
      const answer = gate(passage, ctx)
      refused = answer instanceof Promise ? await answer : answer
      if (refused) break
    }
    if (!refused) return { kind: 'passed', outcome: known(passage.outcome, 'outcome'), passage }
  } catch (error) {
    ctx.log.error({ err: error, path: attempt.path }, 'a gate failed')
    refused = refusal(
      'internal',
      'Something went wrong inside the gateway.',
      'Try again; if it stays, tell your administrator.',
    )
  } finally {
    if (passage.held) await letGo(passage, passage.held, refused, ctx)
    if (passage.intentId !== undefined) ctx.running.delete(passage.intentId)
  }
  if (passage.intentId !== undefined) ctx.settleSoon() // an intent without an outcome on record
  return { kind: 'refused', refusal: await recordRefusal(passage, refused, ctx), passage }
}
