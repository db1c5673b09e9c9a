import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { SITE } from '../core/action/action.ts'
import type { Change } from '../core/action/change.ts'
import { accountId, deviceId, sessionId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import type { Revocation } from '../identity/identity.ts'
import { createAsks } from './asks.ts'
import { createParkedChanges, type ParkedChange, type ParkRequest } from './parked-changes.ts'

const alice = accountId('alice')
const bob = accountId('bob')
const phone = deviceId('phone')
const session = sessionId('s1')
const LIFE = 300_000
const approval = {
  device: phone,
  text: '',
  signature: null,
  assertion: { credential: '', authenticatorData: '', clientDataJSON: '', signature: '' },
}
const change: Change = {
  verb: 'org.create',
  where: { repo: null, org: null },
  fields: [],
  stated: [],
  sentence: 'Create the organisation acme',
}

function bed() {
  const listeners: ((revocation: Revocation) => void)[] = []
  const identity = {
    onRevoke(listener: (revocation: Revocation) => void) {
      listeners.push(listener)
      return () => undefined
    },
  }
  const asks = createAsks({ limits: { total: 5 }, identity, now: Date.now })
  const parked = createParkedChanges({
    limits: { perAccount: 3, total: 5, size: 10_000, life: LIFE },
    identity,
    asks,
    now: Date.now,
  })
  const told: string[][] = []
  const kept: ParkedChange[] = []
  const stop = parked.watch(alice, () => told.push(kept.map(({ state }) => state)))
  return {
    parked,
    told,
    stop,
    park(more: Partial<ParkRequest> = {}): ParkedChange {
      const one = parked.park({
        account: alice,
        device: phone,
        sessions: [session],
        change,
        resource: SITE,
        why: '',
        page: '/',
        client: { address: '127.0.0.1', userAgent: '' },
        ways: () => [],
        people: 0,
        life: LIFE,
        carryOut: async () => ({ kind: 'done', next: null }),
        look: async () => undefined,
        declined: async () => 'bob',
        ...more,
      })
      assert.ok(one.ok)
      kept.push(one.value)
      return one.value
    },
    revoke(revocation: Revocation): void {
      for (const listener of listeners) listener(revocation)
    },
  }
}

test('who watches hears of each change, after it', async () => {
  const { told, park } = bed()
  const one = park()
  assert.deepEqual(told, [[]])
  const done = one.approve(approval)
  assert.deepEqual(told.slice(1), [['approved']])
  await done
  assert.deepEqual(told.slice(2), [['done']])
  const two = park({ carryOut: async () => ({ kind: 'failed', refused: refusal('upstream', 'No.') }) })
  await two.approve(approval)
  assert.deepEqual(told.slice(4), [
    ['done', 'approved'],
    ['done', 'rejected'],
  ])
})

test('who watches hears of drops, revocations and the end of time', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const { told, park, revoke } = bed()
  park().refuse()
  park()
  revoke({ kind: 'session', account: alice, session })
  park()
  mock.timers.tick(LIFE)
  assert.deepEqual(told.at(-1), ['refused', 'revoked', 'expired'])
  assert.equal(told.length, 6)
  mock.timers.reset()
})

test('nobody hears of other people’s changes, of what did not happen, or after they stopped', () => {
  const { told, stop, park } = bed()
  const foreign = park({ account: bob })
  foreign.refuse()
  assert.deepEqual(told, [])
  const one = park()
  one.refuse()
  one.refuse()
  assert.equal(told.length, 2)
  stop()
  park()
  assert.equal(told.length, 2)
})
