import { proofBy } from '../core/policy/hypotheses.ts'
import type { Proof } from '../core/proof.ts'
import type { HoldWay } from '../hold/holds.ts'
import type { FlowContext } from './context.ts'
import { decisionRequest } from './decide.ts'
import { known, type Passage } from './passage.ts'

/** This account's passkeys that policy would accept now, each with the least it asks for, weakest first. */
export function waysToApprove(
  passage: Passage,
  ctx: FlowContext,
  shown: Proof['shown'],
  batch: boolean,
): readonly HoldWay[] {
  const { account } = known(passage.principal, 'principal')
  const passkeys = ctx.identity.activeDevices(account.id).filter(({ kind }) => kind === 'webauthn')
  const allowed = (way: HoldWay): boolean => {
    const proof = { ...proofBy(way.device, { method: 'webauthn', shown }, way.uv), batch }
    const request = { ...decisionRequest(passage, proof), device: way.device }
    return ctx.policy.decide(request, []).kind === 'allow'
  }
  return [false, true].flatMap((uv) =>
    passkeys
      .map((device) => ({ device, uv }))
      .filter((way) => (!uv || !allowed({ ...way, uv: false })) && allowed(way)),
  )
}
