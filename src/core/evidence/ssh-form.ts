import { es256Point } from '../ssh/cose-es256.ts'
import { writeEcdsaSkKey } from '../ssh/public-key.ts'
import { verifySshsig } from '../ssh/sshsig.ts'

/**
 * Whether the SSH form of an assertion says the same as the assertion: the same text, by the same key, with the same flags.
 * None at all says nothing else, which is the case for keys that OpenSSH has no algorithm for.
 */
export function sameInSsh(
  armored: string | null,
  signed: Uint8Array,
  namespace: string,
  {
    cose,
    origin,
    rpId,
    up,
    uv,
  }: { cose: Uint8Array; origin: string; rpId: string; up: boolean; uv: boolean },
): boolean {
  if (armored === null) return true
  const point = es256Point(cose)
  const ssh = verifySshsig(armored, signed, namespace, origin)
  return (
    ssh.ok &&
    point !== undefined &&
    writeEcdsaSkKey(point, rpId).equals(ssh.value.key.blob) &&
    ssh.value.up === up &&
    ssh.value.uv === uv
  )
}
