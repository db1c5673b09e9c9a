import type { Action, Resource } from '../core/action/action.ts'
import type { Account, Device } from '../core/identity.ts'
import type { DecisionRequest } from '../core/policy/engine.ts'
import type { Proof } from '../core/proof.ts'

interface Remembered {
  readonly request: DecisionRequest
  readonly ageHours: number | null
  readonly allowed: boolean
}

/** By account, device and what is read. */
type Answers = Map<string, Map<string, Map<number, Remembered>>>

/** `ageHours` is the device's age when some policy looks at an age, else null. Requests are reads. */
export interface ReadCache {
  get(request: DecisionRequest, ageHours: number | null): boolean | undefined
  put(request: DecisionRequest, ageHours: number | null, allowed: boolean): void
  clear(): void
}

/**
 * Decisions on reads. An answer holds only for a request that is alike in everything policy can see, so no change of
 * account, device or proof can be overlooked; a change of policy clears it. Ages count when policy looks at them: the answer
 * then lasts until one of them moves. At most `atMost` answers: when the young half is full the old half is dropped, and an
 * answer that is asked for moves to the young one.
 */
export function createReadCache(atMost: number): ReadCache {
  let young: Answers = new Map()
  let old: Answers = new Map()
  let size = 0

  function keep(remembered: Remembered): void {
    if (size >= atMost / 2) {
      old = young
      young = new Map()
      size = 0
    }
    const { account, device, action } = remembered.request
    const answers = inner(inner(young, account?.id ?? ''), device?.id ?? '')
    const slot = slotOf(action)
    if (!answers.has(slot)) size++
    answers.set(slot, remembered)
  }

  return {
    get(request, ageHours) {
      const known = find(young, request)
      const remembered = known ?? find(old, request)
      if (remembered === undefined || !alike(remembered.request, request, ageHours !== null)) return undefined
      if (remembered.ageHours !== ageHours) return undefined
      if (known === undefined) keep(remembered)
      return remembered.allowed
    },
    put(request, ageHours, allowed) {
      keep({ request, ageHours, allowed })
    },
    clear() {
      young = new Map()
      old = new Map()
      size = 0
    },
  }
}

function find(answers: Answers, { account, device, action }: DecisionRequest): Remembered | undefined {
  return answers
    .get(account?.id ?? '')
    ?.get(device?.id ?? '')
    ?.get(slotOf(action))
}

function inner<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let found = map.get(key)
  if (!found) {
    found = new Map()
    map.set(key, found)
  }
  return found
}

/** One number for verb, repository and part; the site has no repository id to be taken for. */
function slotOf({ verb, resource }: Action): number {
  const repo = resource.kind === 'repo' ? resource.repo.id * 2 + (resource.part === 'wiki' ? 1 : 0) : -1
  return repo * 2 + (verb === 'git.fetch' ? 1 : 0)
}

/** Alike in everything of a read that `policyRequest` puts before policy; verb, repository and part are in the slot. */
function alike(a: DecisionRequest, b: DecisionRequest, withAge: boolean): boolean {
  return (
    sameAccount(a.account, b.account) &&
    sameDevice(a.device, b.device) &&
    sameProof(a.proof, b.proof) &&
    (!withAge || a.proof.ageSeconds === b.proof.ageSeconds) &&
    sameOwner(a.action.resource, b.action.resource)
  )
}

function sameAccount(a: Account | null, b: Account | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a === b || (a.forgeId === b.forgeId && a.state === b.state && a.admin === b.admin && a.name === b.name)
  )
}

function sameDevice(a: Device | null, b: Device | null): boolean {
  if (a === b) return true
  if (a === null || b === null) return false
  return a.state === b.state && a.kind === b.kind && a.backupEligible === b.backupEligible
}

function sameProof(a: Proof, b: Proof): boolean {
  return (
    a === b ||
    (a.method === b.method &&
      a.up === b.up &&
      a.uv === b.uv &&
      a.bound === b.bound &&
      a.shown === b.shown &&
      a.batch === b.batch)
  )
}

function sameOwner(a: Resource, b: Resource): boolean {
  return a.kind !== 'repo' || b.kind !== 'repo' || a.repo.owner === b.repo.owner
}
