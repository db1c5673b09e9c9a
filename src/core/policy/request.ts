import type { Action } from '../action/action.ts'
import { isZeroId } from '../git/ref-update.ts'
import type { Device } from '../identity.ts'
import { encodeField } from '../statement/percent.ts'
import type { DecisionRequest } from './engine.ts'

export interface EntityUid {
  readonly type: 'Account' | 'Repo' | 'Site' | 'Action'
  readonly id: string
}

/** A request as the policy engine takes it: every attribute of the schema, always. */
export interface PolicyRequest {
  readonly principal: EntityUid
  readonly action: EntityUid
  readonly resource: EntityUid
  readonly context: { readonly [key: string]: unknown }
  readonly entities: readonly {
    readonly uid: EntityUid
    readonly attrs: { readonly [key: string]: unknown }
    readonly parents: readonly EntityUid[]
  }[]
}

/** `now` in unix ms, for the device's age. */
export function policyRequest(
  { account, device, action, proof }: DecisionRequest,
  now: number,
): PolicyRequest {
  const principal: EntityUid = { type: 'Account', id: String(account.forgeId) }
  const resource: EntityUid =
    action.resource.kind === 'repo'
      ? { type: 'Repo', id: String(action.resource.repo.id) }
      : { type: 'Site', id: 'forge' }
  return {
    principal,
    action: { type: 'Action', id: action.verb },
    resource,
    context: {
      proof: {
        method: proof.method,
        up: proof.up,
        uv: proof.uv,
        bound: proof.bound,
        shown: proof.shown,
        ageSeconds: proof.ageSeconds,
        batch: proof.batch,
      },
      device: deviceFacts(device, now),
      push: pushFacts(action),
      part: action.resource.kind === 'repo' ? action.resource.part : 'none',
    },
    entities: [
      {
        uid: principal,
        attrs: { name: account.name.toLowerCase(), admin: account.admin, active: account.state === 'active' },
        parents: [],
      },
      {
        uid: resource,
        attrs: action.resource.kind === 'repo' ? { owner: action.resource.repo.owner.toLowerCase() } : {},
        parents: [],
      },
    ],
  }
}

function deviceFacts(device: Device | null, now: number): { [key: string]: unknown } {
  if (!device) return { kind: 'none', active: false, ageHours: 0, backupEligible: false }
  return {
    kind: device.kind,
    active: device.state === 'active',
    ageHours: Math.max(0, Math.floor((now - device.createdAt) / 3_600_000)),
    backupEligible: device.backupEligible,
  }
}

function pushFacts(action: Action): { [key: string]: unknown } {
  if (action.verb !== 'git.push') return { refs: [], deletes: false, tags: false }
  return {
    refs: action.updates.map(({ ref }) => encodeField(Buffer.from(ref, 'latin1'))),
    deletes: action.updates.some(({ after }) => isZeroId(after)),
    tags: action.updates.some(({ ref }) => ref.startsWith('refs/tags/')),
  }
}
