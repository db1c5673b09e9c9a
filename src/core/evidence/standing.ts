import type { Json } from '../ledger/canonical-json.ts'
import { at, type Proven, text } from './records.ts'
import { fails, holds, notCheckable, type Step } from './step.ts'

/**
 * Whether account and device were active at the intent, as far as the bundle's own entries say. A bundle that leaves out
 * a revocation cannot be told from one without any: that takes the whole log.
 */
export function standing(proven: readonly Proven[], intent: Proven): Step {
  const account = text(at(intent.payload, 'actor', 'account'))
  const device = text(at(intent.payload, 'device', 'id'))
  const last = (type: string, id: string | undefined, ...path: string[]): Json | undefined =>
    at(
      proven.findLast(
        ({ index, entry, payload }) =>
          index < intent.index && entry.type === type && at(payload, ...path) === id,
      )?.payload,
      'state',
    )
  if ((last('account.state', account, 'account', 'id') ?? 'active') !== 'active')
    return fails('the account was disabled before the push')
  if ((last('device.state', device, 'device', 'id') ?? 'active') !== 'active')
    return fails('the device was revoked or suspended before the push')
  const made = proven.find(
    ({ index, entry, payload }) =>
      index < intent.index && entry.type === 'account.create' && at(payload, 'account', 'id') === account,
  )
  if (!made) return notCheckable('when the account was made is not in this bundle')
  const forgeId = at(intent.payload, 'actor', 'forgeId')
  return at(made.payload, 'account', 'forgeId') === forgeId
    ? holds(
        `the account ${text(at(made.payload, 'account', 'name')) ?? '?'} was bound to forge user ${String(forgeId)}`,
      )
    : fails('the account was bound to another user of the forge')
}
