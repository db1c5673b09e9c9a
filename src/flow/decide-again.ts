import { refusal } from '../core/refusal.ts'
import { checkStanding } from './check-standing.ts'
import { decisionRequest } from './decide.ts'
import { type Gate, known } from './passage.ts'

/** The hypothesis that led to a challenge authorises nothing: policy is asked again, with what was really given. */
export const decideAgain: Gate = (passage, ctx) => {
  if (passage.decision === undefined) return undefined // a read: nothing was asked, nothing changed
  const standing = checkStanding(passage, ctx)
  if (standing) return standing
  const decision = ctx.policy.decide(
    decisionRequest(passage, passage.proof),
    ctx.identity.activeDevices(known(passage.principal, 'principal').account.id),
  )
  passage.decision = decision
  switch (decision.kind) {
    case 'allow':
      return undefined
    case 'deny':
      return refusal(
        'denied',
        `Policy does not allow this: ${decision.why}.`,
        'Ask the owner of the repository or an administrator.',
      )
    case 'challenge':
      return refusal(
        'proof-needed',
        `The proof given is not enough: ${decision.why}.`,
        decision.want.uv && !passage.proof.uv
          ? 'Use a key with a PIN, and enter it.'
          : 'Use another of your keys.',
      )
  }
}
