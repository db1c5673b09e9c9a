import { es256Point } from '../core/ssh/cose-es256.ts'
import { verifySshsig } from '../core/ssh/sshsig.ts'
import { sshsigFromAssertion } from '../core/ssh/webauthn-signature.ts'
import type { Asserted, RelyingParty } from './authentication.ts'

/**
 * The assertion as an OpenSSH signature of `message`, the text whose SSHSIG to-be-signed blob was its challenge. ES256 has an
 * OpenSSH algorithm; for other keys, or client data that OpenSSH would refuse, undefined: the raw assertion stands alone.
 */
export function armored(
  { device, authenticatorData, clientDataJSON, signature }: Asserted,
  { rpId, origin }: RelyingParty,
  message: Uint8Array,
  namespace: string,
): string | undefined {
  const point = es256Point(device.publicKey)
  if (!point) return undefined
  const sshsig = sshsigFromAssertion(
    { point, rpId, origin, authenticatorData, clientDataJSON, signature },
    namespace,
  )
  return sshsig !== undefined && verifySshsig(sshsig, message, namespace, origin).ok ? sshsig : undefined
}
