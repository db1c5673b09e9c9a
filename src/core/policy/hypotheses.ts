import type { Verb } from '../action/action.ts'
import { groupOf } from '../action/verbs.ts'
import { type Account, type Device, type DeviceKind, deviceId } from '../identity.ts'
import type { Proof } from '../proof.ts'
import type { DecisionRequest } from './engine.ts'
import { ageInHours } from './request.ts'

/** A proof that could be given, the device that would give it, and how many others countersign. It authorises nothing. */
export interface Hypothesis {
  readonly device: Device
  readonly proof: Proof
  readonly people: number
}

/** Countersignatures that a challenge asks for at most: a policy that wants more allows nobody. */
export const PEOPLE_AT_MOST = 3

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
 * What could be given for this request, weakest first: a touch, then a touch with PIN, by the account's own active
 * devices; then the same with one other person, with two, with `most`. Last come keys that the person does not have yet, so that
 * somebody without one hears how to get it instead of a bare no. A proof that was given already, bound to the action, comes
 * first, with more people. Devices that policy cannot tell apart are asked about once. `now` in unix ms.
 */
export function hypotheses(
  { action, account, device, proof, countersignatures = 0 }: DecisionRequest,
  devices: readonly Device[],
  now: number,
  most = 0,
): Hypothesis[] {
  if (!account) return [] // nobody is asked to prove that they are nobody
  const own = devices.filter((one) => one.account === account.id && one.state === 'active')
  const ways = waysOf(action.verb)
  if (ways.length === 0) return []
  const people = Array.from(
    { length: Math.max(0, most - countersignatures) + 1 },
    (_, at) => countersignatures + at,
  )
  const by = (way: Way, choice: readonly Device[], others: number): Hypothesis[] =>
    [false, true].flatMap((uv) =>
      choice.map((one) => ({ device: one, proof: proofBy(one, way, uv), people: others })),
    )
  const ownBy = (way: Way): Device[] =>
    distinct(
      own.filter(({ kind }) => kind === way.kind),
      now,
    )
  const given =
    proof.bound === 'action' && device
      ? people.slice(1).map((others): Hypothesis => ({ device, proof, people: others }))
      : []
  return [
    ...given,
    ...people.flatMap((others) => ways.flatMap((way) => by(way, ownBy(way), others))),
    ...people.flatMap((others) => ways.flatMap((way) => by(way, [notYet(account, way.kind, now)], others))),
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
