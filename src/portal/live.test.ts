import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { small } from '../../test/e2e/pages/fake-holds.ts'
import { fakePortal } from '../../test/e2e/pages/fake-portal.ts'
import { seed } from '../../test/e2e/pages/people.ts'
import { visitor } from '../../test/e2e/pages/visitor.ts'

async function inUse(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const fake = fakePortal()
  const people = await seed(fake)
  const alices = visitor(fake, people.aliceSecret)
  const hold = fake.holds.add({ account: people.alice.id, ...small(), landing: undefined })
  const listen = async (path = `/a/${hold.code}/events`) => {
    const response = await alices.get(path, { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' })
    const reader = response.body!.getReader()
    return {
      response,
      /** The next words, or null at the end. */
      async next(): Promise<string | null> {
        const { value, done } = await reader.read()
        return done ? null : Buffer.from(value).toString()
      },
      cancel: () => reader.cancel(),
    }
  }
  return { fake, ...people, alices, hold, listen }
}
const state = (version: string): string => `event: state\ndata: {"version":"${version}"}\n\n`
const OVER = 'event: over\ndata: {}\n\n'

test('a page hears at once how it stands, then of every change, then that it is over', async (t) => {
  const { fake, hold, listen } = await inUse(t)
  const stream = await listen()
  assert.equal(stream.response.headers.get('content-type'), 'text/event-stream')
  assert.equal(stream.response.headers.get('cache-control'), 'no-store')
  assert.equal(await stream.next(), 'retry: 2000\n\n')
  assert.equal(await stream.next(), state('waiting'))
  fake.holds.become(hold, small())
  assert.equal(await stream.next(), state('waiting-looked'))
  fake.holds.become(hold, {})
  fake.holds.become(hold, { state: 'approved' })
  assert.equal(await stream.next(), state('approved-looked'))
  fake.holds.become(hold, { state: 'landed' })
  assert.equal(await stream.next(), state('landed-looked'))
  assert.equal(await stream.next(), OVER)
  assert.equal(await stream.next(), null)
  assert.equal(fake.holds.watchers, 0)
})

test('the list hears of pushes that come and go', async (t) => {
  const { fake, alice, listen } = await inUse(t)
  const stream = await listen('/pending/events')
  await stream.next()
  const first = await stream.next()
  const more = fake.holds.add({ account: alice.id })
  const second = await stream.next()
  assert.match(second ?? '', /^event: state\n/)
  assert.notEqual(first, second)
  fake.holds.become(more, { state: 'gone' })
  assert.equal(await stream.next(), first)
})

test('other people’s pushes make no sound', async (t) => {
  const { fake, admin, listen } = await inUse(t)
  const stream = await listen('/pending/events')
  await stream.next()
  await stream.next()
  fake.holds.add({ account: admin.id })
  t.mock.timers.tick(15_000)
  assert.equal(await stream.next(), ':\n\n')
})

test('it beats every 15 seconds, and ends with the session, which it does not keep alive', async (t) => {
  const { fake, alice, aliceSecret, listen } = await inUse(t)
  const stream = await listen()
  await stream.next()
  await stream.next()
  t.mock.timers.tick(15_000)
  assert.equal(await stream.next(), ':\n\n')
  const { session } = fake.identity.bySession('portal', aliceSecret, fake.at)!
  const before = fake.identity.sessions(alice.id).find(({ id }) => id === session.id)!.lastSeenAt
  t.mock.timers.tick(15_000)
  await stream.next()
  assert.equal(fake.identity.sessions(alice.id).find(({ id }) => id === session.id)!.lastSeenAt, before)
  fake.identity.forgetSession(session.id)
  t.mock.timers.tick(15_000)
  assert.equal(await stream.next(), OVER)
  assert.equal(await stream.next(), null)
  assert.equal(fake.holds.watchers, 0)
})

test('it ends at once when the session is ended, and stays when another one is', async (t) => {
  const { fake, alice, key, aliceSecret, listen } = await inUse(t)
  const stream = await listen()
  await stream.next()
  await stream.next()
  const other = fake.identity.seedSession(alice, key)
  await fake.identity.endSession(other.session.id, 'test')
  assert.equal(fake.holds.watchers, 1)
  await fake.identity.endSession(fake.identity.bySession('portal', aliceSecret, fake.at)!.session.id, 'test')
  assert.equal(await stream.next(), OVER)
  assert.equal(fake.holds.watchers, 0)
})

test('it ends when the gateway stops', async (t) => {
  const { fake, listen } = await inUse(t)
  const stream = await listen()
  await stream.next()
  await stream.next()
  fake.stop.abort()
  assert.equal(await stream.next(), OVER)
})

test('at most three to a session; one that closes makes room', async (t) => {
  const { fake, listen } = await inUse(t)
  const streams = [await listen(), await listen(), await listen('/pending/events')]
  assert.equal((await listen()).response.status, 429)
  await streams[0]!.cancel()
  assert.equal(fake.holds.watchers, 2)
  assert.equal((await listen()).response.status, 200)
})

test('a client that does not read is given up', async (t) => {
  const { fake, hold, listen } = await inUse(t)
  await listen()
  for (let i = 0; i < 400; i++) {
    fake.holds.become(hold, i % 2 === 0 ? small() : { landing: undefined })
  }
  t.mock.timers.tick(15_000)
  assert.equal(fake.holds.watchers, 0)
})

test('no stream, no state without a session or of a foreign push', async (t) => {
  const { fake, hold, admin, listen } = await inUse(t)
  const stranger = visitor(fake)
  for (const path of [`/a/${hold.code}/events`, `/a/${hold.code}/state`, '/pending/events', '/pending/state'])
    assert.equal((await stranger.get(path)).status, 303, path)
  const foreign = fake.holds.add({ account: admin.id })
  assert.equal((await listen(`/a/${foreign.code}/events`)).response.status, 404)
})

test('a page of another origin hears nothing', async (t) => {
  const { alices, hold } = await inUse(t)
  const fields = { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }
  assert.equal((await alices.get(`/a/${hold.code}/events`, fields)).status, 403)
})
