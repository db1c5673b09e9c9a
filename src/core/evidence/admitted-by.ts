import { fromBase64 } from '../bytes.ts'
import { SSH_KEY_NAMESPACE, signedData, verifySshsig } from '../ssh/sshsig.ts'
import { parseStatement, STATEMENT_NAMESPACE, type Statement } from '../statement/statement.ts'
import { checkAssertion } from './assertion.ts'
import { at, type Proven, text } from './records.ts'
import { sameInSsh } from './ssh-form.ts'
import type { Portal, Step } from './step.ts'
import { fails } from './step.ts'

/** After the approval a new passkey is still to be made; its ceremony may last this long, ms. */
const CEREMONY = 10 * 60_000

/** A `device.add` statement for exactly this device, signed by the admitting passkey in the browser. */
export function admittedBy(enrolment: Proven, admitting: Proven, portal: Portal): Step {
  const { payload } = enrolment
  const name = text(at(payload, 'device', 'name')) ?? '?'
  const by = text(at(admitting.payload, 'device', 'name')) ?? '?'
  // A passkey's own registration has client data too; what admitted it is set apart.
  const evidence = (field: string): string | undefined =>
    text(at(payload, 'evidence', `admission.${field}`)) ?? text(at(payload, 'evidence', field))
  const statement = evidence('statement')
  if (statement === undefined) return fails(`no statement admitted device "${name}"`)
  const parsed = parseStatement(statement)
  if (!parsed.ok || parsed.value.action !== 'device.add')
    return fails(`what admitted device "${name}" is not a statement that does so`)
  const unfit = misfit(parsed.value, enrolment, portal)
  if (unfit !== undefined) return fails(`the statement for device "${name}" ${unfit}`)
  const cose = fromBase64(text(at(admitting.payload, 'device', 'publicKey')) ?? '*')
  const [authenticatorData, clientDataJSON, signature] = [
    'authenticatorData',
    'clientDataJSON',
    'signature',
  ].map(evidence)
  if (!cose || authenticatorData === undefined || clientDataJSON === undefined || signature === undefined)
    return fails(`the record lacks the signature that admitted device "${name}"`)
  const { origin } = parsed.value
  const checked = checkAssertion(
    { authenticatorData, clientDataJSON, signature },
    {
      cose,
      challenge: signedData(STATEMENT_NAMESPACE, 'sha512', Buffer.from(statement)),
      origin,
      rpId: portal.rpId,
    },
  )
  if (!checked.ok)
    return fails(`the signature that admitted device "${name}" is not by "${by}" (${checked.error})`)
  if (!checked.value.up || !checked.value.uv)
    return fails(`device "${name}" was admitted without a touch and a PIN or biometric`)
  const sshsig = evidence('sshsig')
  const expected = { cose, origin, rpId: portal.rpId, ...checked.value }
  if (!sameInSsh(sshsig ?? null, Buffer.from(statement), STATEMENT_NAMESPACE, expected))
    return fails(`the SSH form of the signature that admitted device "${name}" does not hold`)
  return {
    outcome: 'holds',
    say: `device "${name}" was admitted by a statement that "${by}" signed with PIN or biometric`,
  }
}

/** What in the statement does not fit the device that was enrolled; undefined when all does. */
function misfit(
  statement: Statement,
  { entry, payload }: Proven,
  { portal, rpId }: Portal,
): string | undefined {
  const fields = new Map(statement.fields)
  const device = (member: string): string | undefined => text(at(payload, 'device', member))
  if (fields.get('kind') !== device('kind') || fields.get('name') !== device('name'))
    return 'admits another device'
  // A passkey has no id yet when it is admitted; a pasted key always has.
  if (fields.get('credential') !== (device('kind') === 'ssh-sk' ? device('credential') : undefined))
    return 'admits another key'
  if (statement.actor.forgeId !== at(payload, 'account', 'forgeId')) return 'is by another account'
  if (entry.time < statement.issued || entry.time > statement.expires + CEREMONY)
    return 'was made at another time'
  // The portal's port may have changed since, on a machine of one's own; its host is the RP ID and may not.
  const { origin } = statement
  return origin === portal || (URL.canParse(origin) && new URL(origin).hostname === rpId)
    ? undefined
    : 'is of another portal'
}

/** Whoever had an SSH key enrolled showed that they hold it. */
export function keyWasHeld({ payload }: Proven): Step | undefined {
  if (text(at(payload, 'device', 'kind')) !== 'ssh-sk') return undefined
  const name = text(at(payload, 'device', 'name')) ?? '?'
  const proof = text(at(payload, 'evidence', 'keyProof'))
  const armored = text(at(payload, 'evidence', 'keyProofSignature'))
  const verified =
    proof === undefined || armored === undefined
      ? undefined
      : verifySshsig(armored, Buffer.from(proof), SSH_KEY_NAMESPACE, null)
  const key = verified?.ok ? Buffer.from(verified.value.key.blob).toString('base64') : undefined
  return verified?.ok && verified.value.up && key === text(at(payload, 'device', 'publicKey'))
    ? { outcome: 'holds', say: `the key of device "${name}" was held by whoever enrolled it` }
    : fails(`nothing shows that the key of device "${name}" was held by whoever enrolled it`)
}
