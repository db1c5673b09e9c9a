import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { SITE } from '../core/action/action.ts'
import type { Change } from '../core/action/change.ts'
import { accountId, deviceId, sessionId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { writeStatement } from '../core/statement/statement.ts'
import type { Revocation } from '../identity/identity.ts'
import { createAsks } from './asks.ts'
import type { HoldWay } from './holds.ts'
import { createParkedChanges, type ParkedChange, type ParkRequest } from './parked-changes.ts'

const alice = accountId('alice')
const bob = accountId('bob')
const phone = deviceId('phone')
const laptop = deviceId('laptop')
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

const signed = {
  ...approval,
  text: writeStatement({
    origin: 'https://id.git.example.com',
    actor: { name: 'alice', forgeId: 7 },
    action: 'org.create',
    resource: null,
    fields: [['name', 'acme']],
    policy: `sha256:${'0'.repeat(64)}`,
    issued: Math.floor(Date.now() / 1000) * 1000,
    expires: Math.floor(Date.now() / 1000) * 1000 + 3_600_000,
    nonce: 'A'.repeat(43),
  }),
}
/** It takes one other person; `count` says whose countersignatures count. */
const forTwo = (more: Partial<ParkRequest> = {}): Partial<ParkRequest> => ({
  people: 1,
  carryOut: async (_, __, given) =>
    given.length > 0
      ? { kind: 'done', next: '/x' }
      : { kind: 'others', people: 1, counted: [], unfit: new Map() },
  look: async () => ({ ways: [{} as HoldWay], why: null }),
  ...more,
})

test('signed, it waits for others as long as its statement says, and is done once one countersigned', async () => {
  const { park } = bed()
  const one = park(forTwo())
  assert.equal(await one.approve(signed), undefined)
  assert.equal(one.state, 'signed')
  assert.equal(new Date(one.expiresAt).toISOString().slice(0, 19), /expires (.{19})Z/.exec(signed.text)![1])
  assert.equal(await one.ask!.countersign({ ...approval, shown: 'fields', account: bob }), undefined)
  assert.deepEqual([one.state, one.next, one.ask!.over], ['done', '/x', true])
})

test('signed, it ends by withdrawal, a no, time, and its signing device', async () => {
  const { park, revoke } = bed()
  const ends: [string, (one: ParkedChange) => unknown, string, RegExp | null][] = [
    ['withdrawn', (one) => one.refuse(), 'refused', null],
    ['a no', (one) => one.ask!.decline(bob, 'Why?'), 'refused', /^bob refused: Why\?$/],
    ['a device', () => revoke({ kind: 'device', account: alice, device: laptop }), 'revoked', /ended/],
  ]
  for (const [name, end, state, said] of ends) {
    const one = park(forTwo())
    await one.approve({ ...signed, device: laptop })
    await end(one)
    assert.equal(one.state, state, name)
    if (said) assert.match(one.said!, said)
    assert.equal(one.ask!.over, true, name)
    assert.equal(
      (await one.ask!.countersign({ ...approval, shown: 'fields', account: bob }))?.reason,
      'proof-invalid',
    )
  }
  const old = park(forTwo())
  await old.approve({ ...signed, text: signed.text.replace(/expires 20../, 'expires 2020') })
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(old.state, 'expired')
})

test('what ends while it is judged does not wait on', async () => {
  const { park, revoke } = bed()
  const one = park(
    forTwo({
      async carryOut() {
        revoke({ kind: 'session', account: alice, session })
        return { kind: 'others', people: 1, counted: [], unfit: new Map() }
      },
    }),
  )
  assert.equal((await one.approve(signed))?.reason, 'proof-invalid')
  assert.deepEqual([one.state, one.ask], ['revoked', null])
})

test('one person keeps nobody else from changing anything: ended ones count for nothing, and text has a share', () => {
  const { parked, park } = bed()
  for (let i = 0; i < 40; i++) assert.equal(park().refuse(), undefined)
  const large: Change = { ...change, fields: [['content', 'x'.repeat(2_600)]] }
  const tooMuch = parked.park({ ...requestOf(park()), change: large })
  assert.ok(!tooMuch.ok && tooMuch.error.reason === 'rate-limited')
  park({ account: bob })
})

test('of the ended ones of a person only the newest can be looked at', () => {
  const { parked, park } = bed()
  const ended = Array.from({ length: 30 }, () => {
    const one = park()
    one.refuse()
    return one
  })
  assert.equal(parked.byId(alice, ended[0]!.id), undefined)
  assert.equal(parked.byId(alice, ended.at(-1)!.id), ended.at(-1))
})

const requestOf = (one: ParkedChange): ParkRequest => (one as unknown as { request: ParkRequest }).request
