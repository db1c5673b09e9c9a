import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SITE } from '../core/action/action.ts'
import { type AccountId, accountId, deviceId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import type { Revocation } from '../identity/identity.ts'
import { type AskRequest, type Countersign, createAsks, type Judged, type May } from './asks.ts'
import type { HoldWay } from './holds.ts'

const [alice, bob, carol, dave] = ['alice', 'bob', 'carol', 'dave'].map(accountId) as [
  AccountId,
  AccountId,
  AccountId,
  AccountId,
]
const MAY: May = { ways: [{} as HoldWay], why: null }
const by = (account: AccountId): Countersign => ({
  account,
  device: deviceId(`${account}’s`),
  shown: 'fields',
  text: '',
  signature: null,
  assertion: { credential: '', authenticatorData: '', clientDataJSON: '', signature: '' },
})
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Whoever is in `may` may; `judge` counts everybody, and it takes `people`. */
function bed(people = 1, more: Partial<AskRequest> = {}) {
  const listeners: ((revocation: Revocation) => void)[] = []
  const judged: AccountId[][] = []
  const declined: string[] = []
  const may = new Set([bob, carol])
  const asks = createAsks({
    limits: { total: 2 },
    identity: {
      onRevoke(listener) {
        listeners.push(listener)
        return () => undefined
      },
    },
    now: Date.now,
  })
  const request: AskRequest = {
    requester: alice,
    subject: { kind: 'change', parked: {} as never },
    action: { verb: 'org.create', resource: SITE },
    signed: Buffer.from('x'),
    people,
    expiresAt: Date.now() + 60_000,
    look: async (account) => (may.has(account) ? MAY : undefined),
    async judge(given): Promise<Judged> {
      judged.push(given.map(({ account }) => account))
      await settled()
      const counted = given.map(({ account }) => account).filter((account) => may.has(account))
      const unfit = new Map(
        given
          .filter(({ account }) => !may.has(account))
          .map(({ account }) => [account, refusal('denied', 'No.')]),
      )
      return counted.length >= people ? { kind: 'over' } : { kind: 'others', people, counted, unfit }
    },
    async declined(who, why) {
      declined.push(`${who}: ${why}`)
    },
    ...more,
  }
  const open = () => {
    const one = asks.open(request)
    assert.ok(one.ok)
    return one.value
  }
  const revoke = (revocation: Revocation): void => {
    for (const listener of listeners) listener(revocation)
  }
  return { asks, open, revoke, judged, declined, may }
}

test('it is known to whoever may, to nobody else, and never to whoever asked', async () => {
  const { asks, open } = bed()
  const one = open()
  assert.deepEqual(await asks.waiting(bob), [one])
  assert.equal((await asks.byId(bob, one.id))?.ask, one)
  for (const account of [alice, dave]) {
    assert.deepEqual(await asks.waiting(account), [])
    assert.equal(await asks.byId(account, one.id), undefined)
  }
  assert.equal(await asks.byId(bob, 'x'), undefined)
})

test('the requester, somebody twice, and a late one are refused; none of them is judged', async () => {
  const { open, judged } = bed(2)
  const one = open()
  assert.equal((await one.countersign(by(alice)))?.reason, 'denied')
  assert.equal(await one.countersign(by(bob)), undefined)
  assert.match((await one.countersign({ ...by(bob), device: deviceId('another') }))!.say, /already/)
  assert.deepEqual(one.given, [bob])
  assert.equal(await one.countersign(by(carol)), undefined)
  assert.equal(one.over, true)
  assert.equal((await one.countersign(by(dave)))?.reason, 'proof-invalid')
  assert.deepEqual(judged, [[bob], [bob, carol]])
})

test('two at the same moment are judged one after the other: the second comes too late', async () => {
  const { open, judged } = bed()
  const one = open()
  const answers = await Promise.all([one.countersign(by(bob)), one.countersign(by(carol))])
  assert.deepEqual(
    answers.map((answer) => answer?.reason),
    [undefined, 'proof-invalid'],
  )
  assert.deepEqual(judged, [[bob]])
})

test('one that does not count is told why, and is not kept; one that no longer counts goes', async () => {
  const { open, may } = bed(2)
  const one = open()
  assert.equal((await one.countersign(by(dave)))?.say, 'No.')
  assert.deepEqual(one.given, [])
  await one.countersign(by(bob))
  may.delete(bob)
  await one.countersign(by(carol))
  assert.deepEqual(one.given, [carol])
})

test('an account or device that ends takes its countersignature with it, also in the middle of judging', async () => {
  const { open, revoke, may } = bed(3)
  may.add(dave)
  const one = open()
  await one.countersign(by(bob))
  await one.countersign(by(carol))
  revoke({ kind: 'session', account: bob, session: 's' as never })
  revoke({ kind: 'device', account: bob, device: deviceId('another') })
  assert.deepEqual(one.given, [bob, carol])
  revoke({ kind: 'device', account: bob, device: deviceId('bob’s') })
  assert.deepEqual(one.given, [carol])
  const judging = one.countersign(by(bob))
  await settled()
  revoke({ kind: 'account', account: carol })
  await judging
  assert.deepEqual(one.given, [bob])
})

test('a no ends it, once', async () => {
  const { asks, open, declined } = bed()
  const one = open()
  await asks.waiting(bob)
  assert.equal((await one.decline(alice, 'x'))?.reason, 'denied')
  assert.equal(await one.decline(bob, 'Not now'), undefined)
  assert.equal((await one.decline(carol, 'x'))?.reason, 'proof-invalid')
  assert.equal((await one.countersign(by(carol)))?.reason, 'proof-invalid')
  assert.deepEqual(declined, ['bob: Not now'])
  assert.deepEqual(asks.known(bob), [])
  assert.equal((await asks.byId(carol, one.id))?.ask.over, true)
})

test('who watches hears of what concerns them, and of its end', async () => {
  const { asks, open } = bed(2)
  const heard: AccountId[] = []
  const stops = [alice, bob, dave].map((account) => asks.watch(account, () => heard.push(account)))
  const one = open()
  await settled()
  assert.deepEqual(heard, [bob])
  assert.deepEqual(asks.known(bob), [one])
  await one.countersign(by(carol))
  await settled()
  assert.deepEqual(heard, [bob, bob])
  one.close()
  await settled()
  assert.deepEqual([heard, asks.known(bob)], [[bob, bob, bob], []])
  for (const stop of stops) stop()
  open()
  await settled()
  assert.equal(heard.length, 3)
})

test('what somebody signed already is not listed for them', async () => {
  const { asks, open } = bed(2)
  const one = open()
  await one.countersign(by(bob))
  assert.deepEqual(await asks.waiting(bob), [])
  assert.deepEqual(await asks.waiting(carol), [one])
})

test('no more than so many at once; one that is over makes room', () => {
  const { asks, open } = bed()
  const [one] = [open(), open()]
  assert.throws(open)
  one.close()
  open()
  assert.deepEqual(asks.known(dave), [])
})
