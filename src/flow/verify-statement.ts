import { checkStatement } from '../core/evidence/stated.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { ParkedAttempt } from './attempt.ts'
import type { FlowContext } from './context.ts'
import { known, type Passage } from './passage.ts'
import { statementResource } from './statement-resource.ts'

const AGAIN = 'Send the form again, and confirm that one.'

/**
 * The touch on a parked change, checked anew from what is kept of it: the statement says exactly this change of this resource
 * by this person at this portal, the key is an active passkey of theirs, and the nonce is used up with the intent.
 */
export function verifyStatement(
  passage: Passage,
  ctx: FlowContext,
  { approval }: ParkedAttempt,
): Refusal | undefined {
  const { account } = known(passage.principal, 'principal')
  const action = known(passage.action, 'action')
  const device = ctx.identity.device(approval.device)
  if (device?.kind !== 'webauthn' || device.account !== account.id)
    return refusal('proof-invalid', 'The change was confirmed by a device that is not yours.', AGAIN)
  if (device.state !== 'active')
    return refusal('device-inactive', `The passkey "${device.name}" is no longer active.`, AGAIN)
  const { text, signature, assertion } = approval
  const checked = checkStatement(
    { text, signature, assertion },
    {
      cose: device.publicKey,
      origin: ctx.portalOrigin,
      rpId: ctx.rpId,
      actor: { name: account.name, forgeId: account.forgeId },
      action: action.verb,
      resource: statementResource(action.resource),
      fields: known(passage.change, 'change').stated,
      time: ctx.now(),
    },
  )
  if (!checked.ok) return refusal('proof-invalid', 'The confirmation does not hold for this change.', AGAIN)
  const { up, uv, counter, statement } = checked.value
  if (!up)
    return refusal('proof-invalid', 'The passkey signed without being touched.', 'Use one that asks for it.')
  passage.prover = device
  passage.statement = {
    kind: 'statement',
    text: Buffer.from(text),
    signature,
    approval: { assertion, batch: null },
    nonce: statement.nonce,
    expires: statement.expires,
    counter,
  }
  passage.proof = {
    method: 'webauthn',
    device: device.id,
    up,
    uv,
    ageSeconds: 0,
    bound: 'action',
    shown: 'fields',
    batch: false,
  }
  return undefined
}
