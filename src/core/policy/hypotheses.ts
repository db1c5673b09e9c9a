import type { Verb } from '../action/action.ts'
import { groupOf } from '../action/verbs.ts'
import { type Account, type Device, type DeviceKind, deviceId } from '../identity.ts'
import type { Proof } from '../proof.ts'
import type { DecisionRequest } from './engine.ts'
import { ageInHours } from './request.ts'

/** A proof that could be given, and the device that would give it. It authorises nothing. */
export interface Hypothesis {
  readonly device: Device
  readonly proof: Proof
}

/** One way to prove an action: which devices can, how, and what the signer would see. */
interface Way {
  readonly kind: DeviceKind
  readonly method: Proof['method']
  readonly shown: Proof['shown']
}

/** By the certificate that git writes and an SSH key signs; or by a passkey in the portal on one that the gateway writes. */
const PUSH: readonly Way[] = [
  { kind: 'ssh-sk', method: 'ssh-certificate', shown: 'none' },
  { kind: 'webauthn', method: 'webauthn', shown: 'refs' },
  { kind: 'webauthn', method: 'webauthn', shown: 'commits' },
  { kind: 'webauthn', method: 'webauthn', shown: 'diff' },
]
/** By a passkey in the portal, on a statement of every field. */
const CHANGE: readonly Way[] = [{ kind: 'webauthn', method: 'webauthn', shown: 'fields' }]

/** Ways to prove a verb, weakest first. What changes nothing has none: its session is proof enough, or nothing is. */
function waysOf(verb: Verb): readonly Way[] {
  if (verb === 'git.push') return PUSH
  const group = groupOf(verb)
  return group === 'change' || group === 'critical' ? CHANGE : []
}

/**
 * Proofs that could be given for this request, weakest first: a touch, then a touch with PIN, by the account's own active
 * devices. Last come keys that the person does not have yet, so that somebody without one hears how to get it instead of
 * a bare no. Devices that policy cannot tell apart are asked about once. `now` in unix ms.
 */
export function hypotheses(
  { action, account }: DecisionRequest,
  devices: readonly Device[],
  now: number,
): Hypothesis[] {
  if (!account) return [] // nobody is asked to prove that they are nobody
  const own = devices.filter((device) => device.account === account.id && device.state === 'active')
  const ways = waysOf(action.verb)
  const by = (way: Way, choice: readonly Device[]): Hypothesis[] =>
    [false, true].flatMap((uv) => choice.map((device) => ({ device, proof: proofBy(device, way, uv) })))
  return [
    ...ways.flatMap((way) =>
      by(
        way,
        distinct(
          own.filter(({ kind }) => kind === way.kind),
          now,
        ),
      ),
    ),
    ...ways.flatMap((way) => by(way, [notYet(account, way.kind, now)])),
  ]
}

export function proofBy(
  device: Device,
  { method, shown }: Pick<Way, 'method' | 'shown'>,
  uv: boolean,
): Proof {
  return { method, device: device.id, up: true, uv, ageSeconds: 0, bound: 'action', shown, batch: false }
}

/** One device of each look: many keys must not make a refusal slow. */
function distinct(devices: readonly Device[], now: number): Device[] {
  const looks = devices.map((device): [string, Device] => [
    `${ageInHours(device, now)} ${device.backupEligible}`,
    device,
  ])
  return [...new Map(looks).values()]
}

function notYet(account: Account, kind: DeviceKind, now: number): Device {
  return {
    id: deviceId('not-yet-enrolled'),
    account: account.id,
    kind,
    name: 'a key to come',
    state: 'active',
    credential: '',
    publicKey: new Uint8Array(),
    counter: 0,
    backupEligible: false,
    enrolledBy: '',
    createdAt: now,
    lastUsedAt: null,
  }
}
