import { type Device, deviceId } from '../identity.ts'
import type { Proof } from '../proof.ts'
import type { DecisionRequest } from './engine.ts'

export interface Hypothesis {
  readonly device: Device
  readonly proof: Proof
}

/**
 * Proofs that could be given for this request, weakest first: the account's own active devices by UV. A push is proven by a
 * certificate of an SSH key. Last comes a key that the person does not have yet, so that somebody without one hears how
 * to get it instead of a bare no. A hypothesis authorises nothing.
 */
export function hypotheses(
  { action, account }: DecisionRequest,
  devices: readonly Device[],
  now: number,
): Hypothesis[] {
  if (action.verb !== 'git.push') return []
  const own = devices.filter(({ kind }) => kind === 'ssh-sk')
  const certificate = (device: Device, uv: boolean): Hypothesis => ({
    device,
    proof: {
      method: 'ssh-certificate',
      device: device.id,
      up: true,
      uv,
      ageSeconds: 0,
      bound: 'action',
      shown: 'none',
      batch: false,
    },
  })
  const notYet: Device = {
    id: deviceId('not-yet-enrolled'),
    account: account.id,
    kind: 'ssh-sk',
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
  return [false, true].flatMap((uv) => [
    ...own.map((device) => certificate(device, uv)),
    certificate(notYet, uv),
  ])
}
