import { fromBase64 } from '../bytes.ts'
import type { Json } from '../ledger/canonical-json.ts'
import { COUNTERSIGN, countersignFields } from '../statement/countersign.ts'
import { admission } from './admission.ts'
import { at, type Proven, text } from './records.ts'
import { resourceOf } from './resource.ts'
import { standing } from './standing.ts'
import { checkStatement } from './stated.ts'
import { fails, holds, type Portal, type Step } from './step.ts'

/**
 * The people who countersigned: each statement is over exactly what the requester signed, by a device that speaks for its
 * account, and no two of them, nor the requester, are one person.
 */
export function* countersigns(proven: readonly Proven[], intent: Proven, portal: Portal): Generator<Step> {
  const all = at(intent.payload, 'countersigns')
  if (all === undefined) return
  if (!Array.isArray(all)) return yield fails('the countersignatures cannot be read')
  const people = new Set([at(intent.payload, 'actor', 'forgeId')])
  for (const one of all as readonly Json[]) {
    const forgeId = at(one, 'actor', 'forgeId')
    if (people.has(forgeId)) return yield fails('one person stands for two')
    people.add(forgeId)
    yield countersign(one, intent, portal)
    // How the device came to speak for the account, and whether both stood then: as of the requester.
    const by: Proven = {
      ...intent,
      payload: { actor: at(one, 'actor') ?? null, device: at(one, 'device') ?? null },
    }
    yield* admission(proven, by, portal)
    yield standing(proven, by)
  }
}

function countersign(one: Json, intent: Proven, { portal, rpId }: Portal): Step {
  const part = (...path: readonly string[]): string | undefined => text(at(one, ...path))
  const signed = fromBase64(text(at(intent.payload, 'statement', 'text')) ?? '*')
  const statement = fromBase64(part('statement', 'text') ?? '*')
  const cose = fromBase64(part('device', 'publicKey') ?? '*')
  const [name, forgeId, verb] = [
    part('actor', 'name'),
    at(one, 'actor', 'forgeId'),
    text(at(intent.payload, 'action')),
  ]
  const [requester, requesterId] = [
    text(at(intent.payload, 'actor', 'name')),
    at(intent.payload, 'actor', 'forgeId'),
  ]
  const [credential, authenticatorData, clientDataJSON, signature] = [
    'credential',
    'authenticatorData',
    'clientDataJSON',
    'signature',
  ].map((member) => part('statement', 'assertion', member))
  const armored = at(one, 'statement', 'signature')
  const resource = resourceOf(intent.payload)
  if (
    !signed ||
    !statement ||
    !cose ||
    name === undefined ||
    typeof forgeId !== 'number' ||
    verb === undefined ||
    requester === undefined ||
    typeof requesterId !== 'number' ||
    authenticatorData === undefined ||
    clientDataJSON === undefined ||
    signature === undefined ||
    (armored !== null && typeof armored !== 'string') ||
    resource === undefined
  )
    return fails('a countersignature cannot be read')
  if (credential !== part('device', 'credential'))
    return fails(`the countersignature of ${name} is by another passkey than the device recorded`)
  const checked = checkStatement(
    {
      text: statement.toString('utf8'),
      signature: armored,
      assertion: { authenticatorData, clientDataJSON, signature },
    },
    {
      cose,
      origin: portal,
      rpId,
      actor: { name, forgeId },
      action: COUNTERSIGN,
      resource,
      fields: countersignFields(signed, verb, { name: requester, forgeId: requesterId }),
      time: intent.entry.time,
    },
  )
  if (!checked.ok) return fails(`the countersignature of ${name} does not hold (${checked.error})`)
  const { up, uv } = checked.value
  if (!up || at(one, 'proof', 'up') !== up || at(one, 'proof', 'uv') !== uv)
    return fails(`the proof recorded of ${name} is not the one in the signature`)
  return holds(
    `${name} countersigned what ${requester} signed (touched, ${uv ? 'with' : 'without'} PIN or biometric)`,
  )
}
