import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FakeHold, landed, small } from '../../test/e2e/pages/fake-holds.ts'
import { fakePortal } from '../../test/e2e/pages/fake-portal.ts'
import { seed } from '../../test/e2e/pages/people.ts'
import { type Visitor, visitor } from '../../test/e2e/pages/visitor.ts'
import { sha256Hex } from '../core/crypto.ts'

async function inUse() {
  const fake = fakePortal()
  const people = await seed(fake)
  const alices = visitor(fake, people.aliceSecret)
  await alices.get('/')
  const laptop = fake.identity.devices(people.alice.id).find(({ name }) => name === 'Work laptop')!
  const add = (more: Partial<FakeHold> = {}): FakeHold =>
    fake.holds.add({
      account: people.alice.id,
      ...small(),
      policy: () => [{ device: people.key, uv: false }],
      ...more,
    })
  return { fake, ...people, alices, laptop, add }
}
const text = async (who: Visitor): Promise<string> => (await who.get('/pending')).text()
const offered = (page: string): string[] => /data-codes="([^"]*)"/.exec(page)?.[1]?.split(' ') ?? []
const codes = (holds: readonly FakeHold[]): string => holds.map(({ code }) => code).join(' ')
async function begin(
  who: Visitor,
  holds: readonly FakeHold[],
): Promise<{ id: string; text: string; say: string }> {
  const response = await who.postJson('/pending/begin', { codes: codes(holds) })
  assert.equal(response.status, 200)
  return (await response.json()) as { id: string; text: string; say: string }
}
const approve = (who: Visitor, id: string, credential: string): Promise<Response> =>
  who.postJson('/pending/approve', { id, credential: { id: credential } })
async function refused(response: Response, status: number, say: RegExp): Promise<void> {
  assert.equal(response.status, status)
  assert.match(((await response.json()) as { title: string }).title, say)
}

test('nothing waits: the page says so', async () => {
  const { alices, fake, admin } = await inUse()
  fake.holds.add({ account: admin.id })
  const page = await text(alices)
  assert.match(page, /Nothing waits/)
  assert.deepEqual(offered(page), [])
})

test('each push leads to its page; what is over is not listed', async () => {
  const { alices, add } = await inUse()
  const [waiting, coming, over] = [add(), add({ state: 'receiving' }), add({ state: 'landed' })]
  const page = await text(alices)
  assert.ok(page.includes(`href="/a/${waiting.code}"`) && page.includes(`href="/a/${coming.code}"`))
  assert.ok(!page.includes(over.code))
  assert.deepEqual(offered(page), [])
})

test('the code of a push from another network is left for the terminal to tell', async () => {
  const { alices, add } = await inUse()
  const near = add()
  const far = add({ client: { address: '203.0.113.9', userAgent: 'git/2' } })
  const page = await text(alices)
  assert.ok(page.includes(`<code>${near.code}</code>`))
  assert.ok(!page.includes(`>${far.code}<`))
})

test('one touch approves exactly the pushes that the page showed, each with the text that lists it', async () => {
  const { alices, add, key } = await inUse()
  const holds = [add(), add(), add()]
  assert.deepEqual(
    offered(await text(alices)),
    holds.map(({ code }) => code),
  )
  const { id, text: statement, say } = await begin(alices, holds)
  const late = add()
  const items = holds.map(({ certificate }) => `field item sha256:${sha256Hex(certificate)}`).sort()
  assert.ok(statement.includes(`action push.batch\n${items.join('\n')}\n`))
  for (const { code } of holds) assert.ok(say.includes(code))
  assert.deepEqual(await (await approve(alices, id, key.credential)).json(), { approved: 3, left: [] })
  for (const hold of holds)
    assert.deepEqual(
      hold.approved.map(({ device, shown, batch }) => [device, shown, batch]),
      [[key.id, 'refs', statement]],
    )
  assert.deepEqual([late.state, late.approved], ['waiting', []])
  await refused(await approve(alices, id, key.credential), 400, /used, too old/)
})

test('one that ended meanwhile makes the beginning say so', async () => {
  const { fake, alices, add } = await inUse()
  const holds = [add(), add(), add()]
  await text(alices)
  fake.holds.become(holds[1]!, { state: 'gone' })
  await refused(await alices.postJson('/pending/begin', { codes: codes(holds) }), 400, /waits no longer/)
  await refused(
    await alices.postJson('/pending/begin', { codes: '2222-2222 3333-3333' }),
    400,
    /waits no longer/,
  )
})

test('one that ended between beginning and touch is named, the others go on', async () => {
  const { fake, alices, add, key } = await inUse()
  const holds = [add(), add()]
  await text(alices)
  const { id } = await begin(alices, holds)
  fake.holds.become(holds[0]!, { state: 'expired' })
  const answer = (await (await approve(alices, id, key.credential)).json()) as {
    approved: number
    left: string[]
  }
  assert.equal(answer.approved, 1)
  assert.deepEqual(answer.left, [`${holds[0]!.code}: This push no longer waits for an approval.`])
})

test('a push that no page of this session showed is in no batch', async () => {
  const { alices, add } = await inUse()
  const first = add()
  await text(alices)
  const late = add()
  await refused(await alices.postJson('/pending/begin', { codes: codes([first, late]) }), 400, /not shown/)
})

test('only pushes that one device may approve by their refs are offered, and it is asked for', async () => {
  const { alices, add, key, laptop } = await inUse()
  const both = add({
    policy: () => [
      { device: laptop, uv: false },
      { device: key, uv: false },
    ],
  })
  const withKey = [add(), add()]
  const withLaptop = add({ policy: () => [{ device: laptop, uv: false }] })
  const never = add({ policy: (_, batch) => (batch ? [] : [{ device: key, uv: false }]) })
  const elsewhere = add({ client: { address: '203.0.113.9', userAgent: 'git/2' } })
  const wide = add({
    updates: Array.from({ length: 21 }, (_, i) => ({
      before: '1'.repeat(40),
      after: '2'.repeat(40),
      ref: `refs/heads/b${i}`,
    })),
  })
  const one = { before: '1'.repeat(40), after: '2'.repeat(40), ref: 'refs/heads/main' }
  const rewritten = add({ landing: landed([{ update: one, move: 'rewrite' }]) })
  const unread = add({ landing: undefined })
  const deleted = add({ updates: [{ ...one, after: '0'.repeat(40) }], landing: undefined })
  const page = await text(alices)
  assert.deepEqual(
    offered(page),
    [both, ...withKey].map(({ code }) => code),
  )
  assert.match(page, /Blue security key will do/)
  for (const other of [withLaptop, never, elsewhere, rewritten, unread, deleted, wide])
    await refused(
      await alices.postJson('/pending/begin', { codes: codes([both, ...withKey, other]) }),
      other === wide ? 400 : 403,
      other === wide ? /not shown/ : /cannot be approved together/,
    )
  await refused(
    await alices.postJson('/pending/begin', { codes: both.code }),
    403,
    /cannot be approved together/,
  )
  const { id } = await begin(alices, [both, ...withKey])
  assert.equal((await approve(alices, id, 'credential-10')).status, 400)
  assert.equal(both.approved.length, 0)
})

test('a batch begun in one session is finished in no other', async () => {
  const { fake, alice, key, alices, add } = await inUse()
  const other = visitor(fake, fake.identity.seedSession(alice, key).secret)
  await other.get('/pending')
  const holds = [add(), add()]
  await text(alices)
  await refused(await approve(other, (await begin(alices, holds)).id, key.credential), 400, /used, too old/)
  assert.equal(holds[0]!.approved.length, 0)
})

test('at most fifty in one batch', async () => {
  const { alices, add } = await inUse()
  for (let i = 0; i < 60; i++) add()
  assert.equal(offered(await text(alices)).length, 50)
})
