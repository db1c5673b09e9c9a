import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { engine, type Fresh } from '../../test/support/engines.ts'
import { ed25519PrivateKey } from '../core/crypto.ts'
import type { Ledger } from './ledger.ts'
import { openLedger } from './open-ledger.ts'
import { createWouldBe, type WouldBe, type WouldBeNote } from './would-be.ts'

const made: Fresh[] = []
after(() => Promise.all(made.map((database) => database.remove())))
const DAY = 86_400_000

async function bed() {
  const database = await engine.fresh()
  made.push(database)
  const store = await database.open()
  const clock = { now: Date.UTC(2026, 10, 24, 12) }
  const now = (): number => clock.now
  const ledger = openLedger({
    store,
    key: ed25519PrivateKey(Buffer.alloc(32, 1)),
    origin: 'test.example/ledger',
    now,
  })
  const open = (using: Ledger = ledger): WouldBe =>
    createWouldBe({ store, ledger: using, now, log: { error: assert.fail } })
  const entries = async (): Promise<number> =>
    (await store.db.selectFrom('ledger_entry').select('idx').where('type', '=', 'would').execute()).length
  return { store, clock, ledger, open, entries, wouldBe: open() }
}

const push: WouldBeNote = {
  decision: 'challenge',
  reason: 'proof-needed',
  say: 'This takes a touch.',
  policies: ['changes need a touch'],
  want: { method: 'webauthn', uv: false, people: 0 },
  account: { id: 'a', name: 'alice', forgeId: 7 },
  verb: 'git.push',
  repo: 3,
  place: 'acme/app',
  door: 'git-http',
  policy: 'sha256:00',
}
const by = (id: string): WouldBeNote['account'] => ({ id, name: id, forgeId: 9 })

test('one entry for a day, person, verb, place and decision; the rest is counted', async () => {
  const { wouldBe, entries, clock } = await bed()
  await Promise.all(Array.from({ length: 50 }, () => wouldBe.note(push)))
  assert.equal(await entries(), 1)
  await wouldBe.note({ ...push, account: by('b') })
  await wouldBe.note({ ...push, decision: 'deny', want: null })
  await wouldBe.note({ ...push, place: 'acme/web' })
  assert.equal(await entries(), 4)
  clock.now += DAY
  await wouldBe.note(push)
  assert.equal(await entries(), 5)
  const rows = await wouldBe.rows(10)
  assert.deepEqual(
    rows.map(({ place, decision, times, accounts }) => [place, decision, times, [...accounts].sort()]),
    [
      ['acme/app', 'challenge', 52, ['a', 'b']],
      ['acme/app', 'deny', 1, ['a']],
      ['acme/web', 'challenge', 1, ['a']],
    ],
  )
  assert.equal(rows[0]!.last, clock.now)
})

test('a restart on the same day makes no second entry, and goes on counting', async () => {
  const { wouldBe, open, entries } = await bed()
  await wouldBe.note(push)
  await wouldBe.close()
  const again = open()
  await again.note(push)
  assert.equal(await entries(), 1)
  assert.equal((await again.rows(1))[0]!.times, 2)
})

test('one person in many places is bounded', async () => {
  const { wouldBe, entries } = await bed()
  for (let i = 0; i < 400; i++) await wouldBe.note({ ...push, place: `alice/r${i}` })
  assert.equal(await entries(), 201)
  await wouldBe.note({ ...push, account: by('b') })
  assert.equal(await entries(), 202, 'nobody else pays for it')
  const all = await wouldBe.rows(1000)
  assert.equal(
    all.reduce((sum, { times }) => sum + times, 0),
    401,
  )
  assert.equal(all.find(({ place }) => place === 'more places')?.times, 200)
})

test('what cannot be recorded does not pass, and is tried again', async () => {
  const { ledger, open, entries } = await bed()
  let broken = true
  const wouldBe = open({
    ...ledger,
    append: (...of) => (broken ? Promise.reject(new Error('disk full')) : ledger.append(...of)),
  })
  await assert.rejects(wouldBe.note(push), /disk full/)
  broken = false
  await wouldBe.note(push)
  assert.equal(await entries(), 1)
})
