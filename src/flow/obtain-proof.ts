import { parsePushCertificate } from '../core/git/push-cert.ts'
import { refusal } from '../core/refusal.ts'
import { fingerprint } from '../core/ssh/public-key.ts'
import { dearmor, parseSshsig } from '../core/ssh/sshsig.ts'
import type { FlowContext } from './context.ts'
import { holdPush } from './hold-push.ts'
import { parkChange } from './park-change.ts'
import type { Gate } from './passage.ts'
import { wouldAsk } from './report-only.ts'
import { waysToApprove } from './ways-to-approve.ts'

/**
 * When policy wants more than the session shows: for a push the certificate that came with it, else a touch in the portal
 * while it waits, else the way to send one. A certificate by a PGP key or by a key that is nobody's device counts as none.
 */
export const obtainProof: Gate = (passage, ctx) => {
  const { attempt, decision } = passage
  if (attempt.door === 'portal') return undefined // it came along, and is looked into next
  const enforced = !ctx.reportOnly(passage.repo?.id)
  if (attempt.door === 'web' || attempt.door === 'api') {
    if (decision?.kind !== 'challenge') return undefined
    return enforced ? parkChange(passage, ctx, attempt, decision) : wouldAsk(decision.why)
  }
  const { push } = attempt
  if (push?.certificate) {
    const parsed = parsePushCertificate(push.certificate)
    if (!parsed.ok)
      return refusal(
        'proof-invalid',
        'The push certificate is not in a form that git would write.',
        'Push again with a stock git.',
      )
    if (isByDevice(parsed.value.signature, ctx)) passage.offered = parsed.value
  }
  if (decision?.kind !== 'challenge' || passage.offered) return undefined
  if (!enforced) return wouldAsk(decision.why)
  if (push?.wait && waysToApprove(passage, ctx, 'diff', false, decision.people).length > 0)
    return holdPush(passage, ctx, push, decision)
  return refusal(
    'proof-needed',
    `This push needs a signature by your security key: ${decision.why}.`,
    `Set up a signing key at ${ctx.portalOrigin}/devices, then push again.`,
  )
}

/** Whether the signature is by a key that somebody enrolled. What cannot be read as an SSH signature is looked at later. */
function isByDevice(armored: string, { identity }: FlowContext): boolean {
  if (!armored.startsWith('-----BEGIN SSH SIGNATURE-----\n')) return false
  const blob = dearmor(armored)
  const sig = blob ? parseSshsig(blob) : undefined
  return !sig?.ok || identity.deviceByCredential('ssh-sk', fingerprint(sig.value.publicKey)) !== undefined
}
