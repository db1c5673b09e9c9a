import { Buffer } from 'node:buffer'
import { type Action, movesIn, type Resource } from '../action/action.ts'
import { groupOf } from '../action/verbs.ts'
import { isZeroId } from '../git/ref-update.ts'
import type { Account, Device } from '../identity.ts'
import type { Proof } from '../proof.ts'
import { encodeField } from '../statement/percent.ts'
import type { CountersignRequest, DecisionRequest } from './engine.ts'

export interface EntityUid {
  readonly type: 'Account' | 'Anonymous' | 'Repo' | 'Org' | 'Site' | 'Action'
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

/** What policy is asked. `now` in unix ms, for the device's age. Names are folded as the forge folds them. */
export function policyRequest(
  { account, device, action, proof, countersignatures = 0 }: DecisionRequest,
  now: number,
): PolicyRequest {
  const principal = uidOf(account)
  const resource = resourceOf(action.resource)
  return {
    principal,
    action: { type: 'Action', id: action.verb },
    resource: resource.uid,
    context: {
      proof: proofFacts(proof),
      device: deviceFacts(device, now),
      push: pushFacts(action),
      part: resource.part,
      countersignatures,
    },
    entities: [
      entityOf(account),
      // An account acts on itself only, so it is there already; the default forbids any other.
      ...(resource.attrs ? [{ uid: resource.uid, attrs: resource.attrs, parents: [] }] : []),
    ],
  }
}

/** What policy is asked about a countersignature: the approver wants to countersign `verb` for `requester`. */
export function countersignPolicyRequest(
  { account, device, action, proof, requester, rights }: CountersignRequest,
  now: number,
): PolicyRequest {
  const resource = resourceOf(action.resource)
  return {
    principal: uidOf(account),
    action: { type: 'Action', id: 'countersign' },
    resource: resource.uid,
    context: {
      proof: proofFacts(proof),
      device: deviceFacts(device, now),
      push: pushFacts(action),
      part: resource.part,
      countersignatures: 0,
      verb: action.verb,
      group: groupOf(action.verb),
      requester: { __entity: uidOf(requester) },
      rights: { push: rights.push, admin: rights.admin },
    },
    entities: [
      entityOf(account),
      ...(requester.forgeId === account.forgeId ? [] : [entityOf(requester)]),
      ...(resource.attrs ? [{ uid: resource.uid, attrs: resource.attrs, parents: [] }] : []),
    ],
  }
}

/** `null`: a visitor of whom nothing is known. */
function uidOf(account: Account | null): EntityUid {
  return account ? { type: 'Account', id: String(account.forgeId) } : { type: 'Anonymous', id: 'anybody' }
}

function entityOf(account: Account | null): PolicyRequest['entities'][number] {
  return {
    uid: uidOf(account),
    attrs: account
      ? { name: account.name.toLowerCase(), admin: account.admin, active: account.state === 'active' }
      : { name: '', admin: false, active: false },
    parents: [],
  }
}

function proofFacts({ method, up, uv, bound, shown, ageSeconds, batch }: Proof): { [key: string]: unknown } {
  return { method, up, uv, bound, shown, ageSeconds, batch }
}

function resourceOf(resource: Resource): {
  uid: EntityUid
  attrs: { readonly [key: string]: unknown } | null
  part: string
} {
  switch (resource.kind) {
    case 'repo': {
      const { repo, part } = resource
      return { uid: { type: 'Repo', id: String(repo.id) }, attrs: { owner: repo.owner.toLowerCase() }, part }
    }
    case 'org': {
      const { id, name } = resource.org
      return { uid: { type: 'Org', id: String(id) }, attrs: { name: name.toLowerCase() }, part: 'none' }
    }
    case 'account':
      return { uid: { type: 'Account', id: String(resource.account.id) }, attrs: null, part: 'none' }
    case 'site':
      return { uid: { type: 'Site', id: 'forge' }, attrs: {}, part: 'none' }
  }
}

/** Whole hours since the device was admitted; `now` in unix ms. */
export function ageInHours({ createdAt }: Device, now: number): number {
  return Math.max(0, Math.floor((now - createdAt) / 3_600_000))
}

function deviceFacts(device: Device | null, now: number): { [key: string]: unknown } {
  if (!device) return { kind: 'none', active: false, ageHours: 0, backupEligible: false }
  return {
    kind: device.kind,
    active: device.state === 'active',
    ageHours: ageInHours(device, now),
    backupEligible: device.backupEligible,
  }
}

/** Of a push, and alike of a page that moves refs: who protects a branch protects it at every door. */
function pushFacts(action: Action): { [key: string]: unknown } {
  const moves = movesIn(action)
  return {
    refs: moves.map(({ ref }) => encodeField(Buffer.from(ref, 'latin1'))),
    deletes: moves.some(({ after }) => after !== null && isZeroId(after)),
    tags: moves.some(({ ref }) => ref.startsWith('refs/tags/')),
  }
}
