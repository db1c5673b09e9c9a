import { parsePushCertificate } from '../core/git/push-cert.ts'
import { refusal } from '../core/refusal.ts'
import { type Gate, known } from './passage.ts'

/**
 * When policy wants more than the session shows: for a push the certificate that came with it, else the way to send
 * one. A certificate by a PGP key or by a key that is nobody's device counts as no certificate.
 */
export const obtainProof: Gate = (passage, ctx) => {
  const action = known(passage.action, 'action')
  if (action.verb === 'page.read' || action.verb === 'git.fetch') return undefined
  const push = passage.attempt.door === 'git-http' ? passage.attempt.push : null
  if (push?.certificate) {
    const parsed = parsePushCertificate(push.certificate)
    if (!parsed.ok)
      return refusal(
        'proof-invalid',
        'The push certificate is not in a form that git would write.',
        'Push again with a stock git.',
      )
    passage.offered = parsed.value
    if (!isSshSignature(parsed.value.signature)) delete passage.offered
  }
  if (passage.decision?.kind !== 'challenge' || passage.offered) return undefined
  return wayOut(passage.decision.why, ctx.portalOrigin)
}

function isSshSignature(armored: string): boolean {
  return armored.startsWith('-----BEGIN SSH SIGNATURE-----\n')
}

/** What a person does who has no signing key set up. */
export function wayOut(why: string, portalOrigin: string): ReturnType<typeof refusal> {
  return refusal(
    'proof-needed',
    `This push needs a signature by your security key: ${why}.`,
    `Set up a signing key at ${portalOrigin}/devices, then push again.`,
  )
}
