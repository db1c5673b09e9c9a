import { checkApproval } from '../core/evidence/approval.ts'
import { checkNonce } from '../core/git/nonce.ts'
import { parseCertificateText } from '../core/git/push-cert.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { HoldApproval } from '../hold/holds.ts'
import type { FlowContext } from './context.ts'
import { nonceScope } from './nonce-scope.ts'
import { known, type Passage } from './passage.ts'

const AGAIN = 'Push again, and approve that push.'

/**
 * The touch on a held push, checked anew from what is kept of it, so that the gate believes no page: the key is an active
 * passkey of this very account, the signature is over the certificate that the gateway wrote for this push (or over a batch
 * statement that lists it), made at our portal, and the nonce in it is ours.
 */
export function verifyApproval(
  passage: Passage,
  ctx: FlowContext,
  approval: HoldApproval,
): Refusal | undefined {
  const { account } = known(passage.principal, 'principal')
  const { certificate } = known(passage.held, 'hold').push.hold
  const device = ctx.identity.device(approval.device)
  if (device?.kind !== 'webauthn' || device.account !== account.id)
    return refusal('proof-invalid', 'The push was approved by a device that is not yours.', AGAIN)
  if (device.state !== 'active')
    return refusal(
      'device-inactive',
      `The passkey "${device.name}" is no longer active.`,
      'Approve with another of your devices.',
    )
  const { assertion, batch, signature, shown } = approval
  const now = ctx.now()
  const checked = checkApproval(
    { certificate, batch, signature, assertion },
    {
      cose: device.publicKey,
      origin: ctx.portalOrigin,
      rpId: ctx.rpId,
      actor: { name: account.name, forgeId: account.forgeId },
      time: now,
    },
  )
  if (!checked.ok) return refusal('proof-invalid', 'The approval of this push does not hold.', AGAIN)
  const { up, uv, counter } = checked.value
  if (!up)
    return refusal('proof-invalid', 'The passkey signed without being touched.', 'Use one that asks for it.')
  const said = parseCertificateText(certificate)
  if (!said.ok) throw new Error('a certificate of our own cannot be read')
  const nonce = checkNonce(ctx.nonceKey, said.value.nonce, {
    repo: nonceScope(passage),
    account: account.id,
    now,
  })
  if (!nonce.ok) return refusal('proof-invalid', 'The push waited for too long.', AGAIN)
  passage.prover = device
  passage.statement = {
    kind: 'git-push-certificate',
    text: certificate,
    signature,
    approval: { assertion, batch },
    nonce: said.value.nonce,
    counter,
  }
  passage.proof = {
    method: 'webauthn',
    device: device.id,
    up,
    uv,
    ageSeconds: 0,
    bound: 'action',
    shown,
    batch: batch !== null,
  }
  return undefined
}
