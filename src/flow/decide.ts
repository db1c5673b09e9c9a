import type { DecisionRequest } from '../core/policy/engine.ts'
import { NO_PROOF, type Proof } from '../core/proof.ts'
import { refusal } from '../core/refusal.ts'
import { type Gate, known, type Passage } from './passage.ts'

/** Policy on what is known without asking for anything. Reads end here with one remembered answer. */
export const decide: Gate = (passage, ctx) => {
  const request = decisionRequest(passage, sessionProof(passage))
  const { verb } = request.action
  if (verb === 'page.read' || verb === 'git.fetch') {
    if (ctx.policy.allowsRead(request)) return undefined
    if (passage.visitor) return passage.visitor
    passage.decision = ctx.policy.decide(request, [])
    return refusal('denied', readDenied(passage), 'Ask the owner of the repository or an administrator.')
  }
  const decision = ctx.policy.decide(
    request,
    ctx.identity.activeDevices(known(passage.principal, 'principal').account.id),
  )
  passage.decision = decision
  passage.proof = request.proof
  if (decision.kind === 'deny')
    return refusal(
      'denied',
      `Policy does not allow this: ${decision.why}.`,
      'Ask the owner of the repository or an administrator.',
    )
  return undefined
}

function readDenied({ decision }: Passage): string {
  return decision?.kind === 'deny'
    ? `Policy does not allow this: ${decision.why}.`
    : 'Policy does not allow this.'
}

/** What policy is asked about: the account and device as they stand, the action, and the proof. */
export function decisionRequest(passage: Passage, proof: Proof): DecisionRequest {
  if (passage.visitor)
    return { account: null, device: null, action: known(passage.action, 'action'), proof: NO_PROOF }
  const principal = known(passage.principal, 'principal')
  return {
    account: principal.account,
    device: passage.prover ?? principal.device,
    action: known(passage.action, 'action'),
    proof,
    countersignatures: passage.countersigns?.length ?? 0,
  }
}

/**
 * What the session, git password or connection itself shows: a touch some time ago, bound to nothing but the session. A token shows
 * less: a touch made it, and nobody can tell who holds it now.
 */
export function sessionProof({ principal, now }: Passage): Proof {
  if (!principal) return NO_PROOF
  const ageSeconds = Math.max(0, Math.floor((now - principal.provenAt) / 1000))
  if (principal.via === 'token')
    return { ...NO_PROOF, method: 'token', device: principal.device.id, ageSeconds, bound: 'token' }
  return {
    ...NO_PROOF,
    method: principal.via === 'ssh' ? 'ssh-session' : 'webauthn',
    device: principal.device.id,
    up: true,
    uv: principal.uv,
    ageSeconds,
    bound: 'session',
  }
}
