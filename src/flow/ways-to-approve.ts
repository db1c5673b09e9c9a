import type { Device } from '../core/identity.ts'
import { proofBy } from '../core/policy/hypotheses.ts'
import type { Proof } from '../core/proof.ts'
import type { HoldWay } from '../hold/holds.ts'
import type { FlowContext } from './context.ts'
import { decisionRequest } from './decide.ts'
import { known, type Passage } from './passage.ts'

/**
 * This account's passkeys that policy would accept now, each with the least it asks for, weakest first; `people` of others
 * countersign beside it.
 */
export function waysToApprove(
  passage: Passage,
  ctx: FlowContext,
  shown: Proof['shown'],
  batch: boolean,
  people = 0,
): readonly HoldWay[] {
  const { account } = known(passage.principal, 'principal')
  const passkeys = ctx.identity.activeDevices(account.id).filter(({ kind }) => kind === 'webauthn')
  return weakestWays(passkeys, (way) => {
    const proof = { ...proofBy(way.device, { method: 'webauthn', shown }, way.uv), batch }
    const request = { ...decisionRequest(passage, proof), device: way.device, countersignatures: people }
    return ctx.policy.decide(request, []).kind === 'allow'
  })
}

/** Each passkey with the least that is allowed: a touch before a PIN. */
export function weakestWays(
  passkeys: readonly Device[],
  allowed: (way: HoldWay) => boolean,
): readonly HoldWay[] {
  return [false, true].flatMap((uv) =>
    passkeys
      .map((device) => ({ device, uv }))
      .filter((way) => (!uv || !allowed({ ...way, uv: false })) && allowed(way)),
  )
}
