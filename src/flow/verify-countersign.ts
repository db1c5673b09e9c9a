import { checkStatement } from '../core/evidence/stated.ts'
import type { Account, Device } from '../core/identity.ts'
import { proofBy } from '../core/policy/hypotheses.ts'
import type { Proof } from '../core/proof.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { COUNTERSIGN, countersignFields } from '../core/statement/countersign.ts'
import type { Countersign } from '../hold/asks.ts'
import type { FlowContext } from './context.ts'
import { isSame, rightsOn } from './others.ts'
import { known, type Passage } from './passage.ts'
import { statementResource } from './statement-resource.ts'

/** A countersignature that counts: whose it is, and all that goes on record. */
export interface ProvenCountersign {
  readonly account: Account
  readonly device: Device
  readonly proof: Proof
  readonly given: Countersign
  readonly nonce: string
  /** End of its statement, unix ms. */
  readonly expires: number
  readonly policies: readonly string[]
}

const NOT_THIS = refusal(
  'proof-invalid',
  'The countersignature does not hold for this.',
  'Open its page again, and countersign what it shows.',
)

/**
 * One countersignature, checked anew from what is kept of it: over the very text that the requester signed, by an active
 * passkey of an active account that is not the requester's, of somebody whom the forge lets see the place and policy lets
 * countersign, all of it now.
 */
export async function verifyCountersign(
  passage: Passage,
  ctx: FlowContext,
  given: Countersign,
): Promise<Result<ProvenCountersign, Refusal>> {
  const { account: requester } = known(passage.principal, 'principal')
  const action = known(passage.action, 'action')
  const { text: signed } = known(passage.statement, 'statement')
  const account = ctx.identity.account(given.account)
  const device = ctx.identity.device(given.device)
  if (account?.state !== 'active')
    return err(refusal('account-inactive', 'The account that countersigned is disabled.'))
  if (isSame(account, requester))
    return err(refusal('denied', 'Nobody countersigns what they asked for.', 'Ask somebody else who may.'))
  if (device?.kind !== 'webauthn' || device.account !== account.id) return err(NOT_THIS)
  if (device.state !== 'active')
    return err(refusal('device-inactive', `The passkey "${device.name}" is no longer active.`))
  const { text, signature, assertion } = given
  if (assertion.credential !== device.credential) return err(NOT_THIS)
  const checked = checkStatement(
    { text, signature, assertion },
    {
      cose: device.publicKey,
      origin: ctx.portalOrigin,
      rpId: ctx.rpId,
      actor: { name: account.name, forgeId: account.forgeId },
      action: COUNTERSIGN,
      resource: statementResource(action.resource),
      fields: countersignFields(signed, action.verb, {
        name: requester.name,
        forgeId: requester.forgeId,
      }),
      time: ctx.now(),
    },
  )
  if (!checked.ok) return err(NOT_THIS)
  const { up, uv, statement } = checked.value
  if (!up)
    return err(
      refusal('proof-invalid', 'The passkey signed without being touched.', 'Use one that asks for it.'),
    )
  const rights = await rightsOn(action.resource, account, ctx)
  if (!rights) return err(refusal('not-found', 'You may no longer see what this is about.'))
  const proof = proofBy(device, { method: 'webauthn', shown: given.shown }, uv)
  const decision = ctx.policy.countersign({ account, device, action, proof, requester, rights })
  if (decision.kind === 'deny')
    return err(
      refusal(
        'denied',
        `Policy does not let you countersign this: ${decision.why}.`,
        'Ask an administrator.',
      ),
    )
  return ok({
    account,
    device,
    proof,
    given,
    nonce: statement.nonce,
    expires: statement.expires,
    policies: decision.policies,
  })
}
