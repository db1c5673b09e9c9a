import { fromBase64 } from '../bytes.ts'
import type { Json } from '../ledger/canonical-json.ts'
import { es256Point } from '../ssh/cose-es256.ts'
import { writeEcdsaSkKey } from '../ssh/public-key.ts'
import { verifySshsig } from '../ssh/sshsig.ts'
import { parseStatement, STATEMENT_NAMESPACE } from '../statement/statement.ts'
import { at, type Proven, text } from './records.ts'
import type { Step } from './verify-bundle.ts'

const fails = (say: string): Step => ({ outcome: 'fails', say })

/**
 * How the signing device came to speak for the account: back through the devices that admitted one another, each by a
 * signed statement, to the link that admitted the first.
 */
export function* admission(
  proven: readonly Proven[],
  intent: Proven,
  portal: { portal: string; rpId: string },
): Generator<Step> {
  const account = text(at(intent.payload, 'actor', 'account'))
  let wanted = text(at(intent.payload, 'device', 'id'))
  let key = text(at(intent.payload, 'device', 'publicKey'))
  let before = intent.index
  for (let depth = 0; depth < 100; depth++) {
    const enrolment = proven.find(
      ({ index, entry, payload }) =>
        entry.type === 'device.enrol' && index < before && text(at(payload, 'device', 'id')) === wanted,
    )
    if (!enrolment?.payload) return yield fails(`nothing shows how device ${wanted ?? '?'} was enrolled`)
    const name = text(at(enrolment.payload, 'device', 'name')) ?? '?'
    if (key !== undefined && text(at(enrolment.payload, 'device', 'publicKey')) !== key)
      return yield fails(`device "${name}" was enrolled with another key`)
    if (text(at(enrolment.payload, 'account', 'id')) !== account)
      return yield fails(`device "${name}" was enrolled for another account`)
    const [how, by] = (text(at(enrolment.payload, 'enrolledBy')) ?? '').split(':', 2) as [
      string,
      string | undefined,
    ]
    if (how === 'invitation' || how === 'recovery') {
      const link = proven.find(
        ({ index, entry, payload }) =>
          index < enrolment.index && entry.type === `${how}.create` && text(at(payload, 'id')) === by,
      )
      if (!link || text(at(link.payload, 'account', 'id')) !== account)
        return yield fails(`nothing shows the ${how} that admitted device "${name}"`)
      yield {
        outcome: 'holds',
        say: `device "${name}" was admitted by ${how === 'recovery' ? 'a recovery' : 'an invitation'} for account ${text(at(link.payload, 'account', 'name')) ?? '?'} (forge id ${String(at(link.payload, 'account', 'forgeId'))}), made by ${text(at(link.payload, 'by')) ?? '?'}`,
      }
      return
    }
    if (how !== 'device' || by === undefined)
      return yield fails(`nothing shows what admitted device "${name}"`)
    const admitting = proven.find(
      ({ index, entry, payload }) =>
        entry.type === 'device.enrol' && index < enrolment.index && text(at(payload, 'device', 'id')) === by,
    )
    if (!admitting?.payload) return yield fails(`the device that admitted "${name}" is not in this bundle`)
    yield admittedBy(enrolment.payload, admitting.payload, name, portal)
    wanted = by
    key = undefined
    before = enrolment.index
  }
  yield fails('the chain of devices is too long')
}

/** A `device.add` statement, signed by the admitting passkey through the browser. */
function admittedBy(
  enrolment: { [key: string]: Json },
  admitting: { [key: string]: Json },
  name: string,
  { portal, rpId }: { portal: string; rpId: string },
): Step {
  const evidence = (field: string): string | undefined =>
    text(at(enrolment, 'evidence', field)) ?? text(at(enrolment, 'evidence', `admission.${field}`))
  const by = text(at(admitting, 'device', 'name')) ?? '?'
  const statement = evidence('statement')
  const sshsig = evidence('sshsig')
  if (statement === undefined) return fails(`no statement admitted device "${name}"`)
  if (sshsig === undefined)
    return {
      outcome: 'not-checkable',
      say: `device "${name}" was admitted by "${by}" with a key that OpenSSH has no algorithm for; its raw assertion is in the record`,
    }
  const parsed = parseStatement(statement)
  if (!parsed.ok || parsed.value.action !== 'device.add')
    return fails(`what admitted device "${name}" is not a statement that does so`)
  const credential = parsed.value.fields.find(([field]) => field === 'credential')?.[1]
  if (credential !== undefined && credential !== text(at(enrolment, 'device', 'credential')))
    return fails(`the statement admits another key than device "${name}"`)
  if (parsed.value.actor.forgeId !== at(enrolment, 'account', 'forgeId'))
    return fails(`the statement for device "${name}" is by another account`)
  // The portal's origin may have changed its port since; its host is the RP ID and may not.
  const { origin } = parsed.value
  if (origin !== portal && new URL(origin).hostname !== rpId)
    return fails(`the statement for device "${name}" is of another portal`)
  const verified = verifySshsig(sshsig, Buffer.from(statement), STATEMENT_NAMESPACE, origin)
  if (!verified.ok || !verified.value.up || !verified.value.uv)
    return fails(`the signature that admitted device "${name}" does not hold`)
  const cose = fromBase64(text(at(admitting, 'device', 'publicKey')) ?? '*')
  const point = cose && es256Point(cose)
  if (!point || !writeEcdsaSkKey(point, rpId).equals(verified.value.key.blob))
    return fails(`the signature that admitted device "${name}" is not by "${by}"`)
  return {
    outcome: 'holds',
    say: `device "${name}" was admitted by a statement that "${by}" signed with PIN or biometric`,
  }
}
