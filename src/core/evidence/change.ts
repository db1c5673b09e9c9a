import { movesOf } from '../action/moves.ts'
import { fromBase64 } from '../bytes.ts'
import { canonicalJson, type Json } from '../ledger/canonical-json.ts'
import { encodeField } from '../statement/percent.ts'
import { flagsAsRecorded } from './flags.ts'
import { at, type Proven, text } from './records.ts'
import { resourceOf } from './resource.ts'
import { checkStatement } from './stated.ts'
import { fails, holds, type Portal, type Step } from './step.ts'

/**
 * The statement of a change: its signature by the recorded passkey at this portal, its actor, resource and every field against
 * what is on record, its flags against the proof that policy was told.
 */
export function change(intent: Proven, portal: Portal): Step {
  const { payload, entry } = intent
  const part = (...path: readonly string[]): string | undefined => text(at(payload, ...path))
  const statement = fromBase64(part('statement', 'text') ?? '*')
  const cose = fromBase64(part('device', 'publicKey') ?? '*')
  const [credential, authenticatorData, clientDataJSON, signature] = [
    'credential',
    'authenticatorData',
    'clientDataJSON',
    'signature',
  ].map((member) => part('statement', 'assertion', member))
  const armored = at(payload, 'statement', 'signature')
  const fields = pairs(at(payload, 'change', 'fields'))
  const [name, forgeId, action] = [part('actor', 'name'), at(payload, 'actor', 'forgeId'), part('action')]
  if (
    !statement ||
    !cose ||
    !fields ||
    name === undefined ||
    typeof forgeId !== 'number' ||
    action === undefined
  )
    return fails('the statement cannot be read')
  if (authenticatorData === undefined || clientDataJSON === undefined || signature === undefined)
    return fails('the record lacks the touch in the portal')
  if (armored !== null && typeof armored !== 'string') return fails('the statement cannot be read')
  if (credential !== part('device', 'credential'))
    return fails('the touch was by another passkey than the device recorded')
  const resource = resourceOf(payload)
  if (resource === undefined) return fails('the resource on record cannot be read')
  const checked = checkStatement(
    {
      text: statement.toString('utf8'),
      signature: armored,
      assertion: { authenticatorData, clientDataJSON, signature },
    },
    {
      cose,
      origin: portal.portal,
      rpId: portal.rpId,
      actor: { name, forgeId },
      action,
      resource,
      fields,
      time: entry.time,
    },
  )
  if (!checked.ok) return fails(`the touch in the portal does not hold (${checked.error})`)
  const { up, uv } = checked.value
  if (!flagsAsRecorded(payload, { up, uv, method: 'webauthn', shown: 'fields', batch: false }))
    return fails('the proof recorded is not the one in the signature')
  const moves = movesOf(action, fields).map(({ ref, before, after }) => ({
    before,
    after,
    ref: encodeField(Buffer.from(ref, 'latin1')),
  }))
  if (canonicalJson(moves) !== canonicalJson(at(payload, 'updates') ?? null))
    return fails('the refs on record are not those that the statement names')
  const said = fields.map(([key, value]) => `${key} ${encodeField(value)}`).join(', ')
  return holds(
    `a passkey signed ${action}${resource ? ` of ${resource.kind === 'repo' ? `${resource.owner}/${resource.name}` : resource.name}` : ''}${said === '' ? '' : `: ${said}`} (touched, ${uv ? 'with' : 'without'} PIN or biometric)`,
  )
}

function pairs(value: Json | undefined): [string, string][] | undefined {
  if (!Array.isArray(value)) return undefined
  const found: [string, string][] = []
  for (const pair of value as readonly Json[]) {
    const [key, said] = [text(at(pair, 0)), text(at(pair, 1))]
    if (key === undefined || said === undefined) return undefined
    found.push([key, said])
  }
  return found
}
