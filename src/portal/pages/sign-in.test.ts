import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakePortal } from '../../../test/e2e/pages/fake-portal.ts'
import { linkSecret, seed } from '../../../test/e2e/pages/people.ts'
import { visitor } from '../../../test/e2e/pages/visitor.ts'
import { randomSecret } from '../../core/crypto.ts'

async function inUse() {
  const fake = fakePortal()
  const people = await seed(fake)
  return { fake, ...people, alices: visitor(fake, people.aliceSecret), stranger: visitor(fake) }
}

test('sign-in opens a session, rotates both cookies and ends the session before', async () => {
  const { fake, key, aliceSecret } = await inUse()
  const who = visitor(fake, aliceSecret)
  await who.get('/')
  const before = new Map(who.cookies)
  assert.equal((await who.postJson('/sign-in/begin', {})).status, 200)
  const response = await who.postJson('/sign-in/finish', { handle: '', credential: { id: key.credential } })
  assert.deepEqual(await response.json(), { next: '/' })
  for (const name of ['countersign_portal', 'cs_pre'])
    assert.notEqual(who.cookies.get(name), before.get(name), name)
  assert.equal((await who.get('/')).status, 200)
  assert.equal((await visitor(fake, aliceSecret).get('/')).status, 303)
})

test('a challenge is of the browser that began it', async () => {
  const { fake, key } = await inUse()
  const [began, other] = [visitor(fake), visitor(fake)]
  await began.get('/sign-in')
  await other.get('/sign-in')
  await began.postJson('/sign-in/begin', {})
  assert.equal(
    (await other.postJson('/sign-in/finish', { handle: '', credential: { id: key.credential } })).status,
    400,
  )
  const without = await visitor(fake).postJson('/sign-in/begin', {})
  assert.equal(without.status, 400)
  assert.deepEqual(fake.identity.log, [])
})

test('failed sign-ins and wrong links are limited by address', async () => {
  const { fake, key } = await inUse()
  const who = visitor(fake)
  await who.get('/sign-in')
  for (let i = 0; i < 10; i++)
    assert.equal((await who.postJson('/sign-in/finish', { handle: '', credential: { id: 'x' } })).status, 400)
  await who.postJson('/sign-in/begin', {})
  const limited = await who.postJson('/sign-in/finish', { handle: '', credential: { id: key.credential } })
  assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '60'])
  for (let i = 0; i < 10; i++)
    assert.equal((await who.postJson('/enrol/begin', { secret: randomSecret() })).status, 401)
  assert.equal((await who.postJson('/enrol/begin', { secret: randomSecret() })).status, 429)
})

test('the way to the forge: sign in, go on, one code for that browser', async () => {
  const { fake, key, alices } = await inUse()
  const handle = fake.handOver.begin('browser', '/acme/app')
  const who = visitor(fake)
  assert.equal((await who.get(`/open?h=${handle}`)).headers.get('location'), `/sign-in?h=${handle}`)
  await who.get(`/sign-in?h=${handle}`)
  await who.postJson('/sign-in/begin', {})
  const signed = await who.postJson('/sign-in/finish', { handle, credential: { id: key.credential } })
  assert.deepEqual(await signed.json(), { next: `/open?h=${handle}` })
  const open = await who.get(`/open?h=${handle}`)
  const [, code] =
    /^http:\/\/127\.0\.0\.1:3000\/-\/enter\?code=([A-Za-z0-9_-]{43})$/.exec(
      open.headers.get('location') ?? '',
    ) ?? []
  const entered = fake.handOver.redeem(code ?? '', 'browser')
  assert.deepEqual([entered?.next, entered?.session.device], ['/acme/app', key.id])
  assert.equal((await who.get(`/open?h=${handle}`)).headers.get('location'), 'http://127.0.0.1:3000/')
  for (const bad of ['', 'x', `${randomSecret()}%0a`, '//evil.example']) {
    assert.equal(
      (await alices.get(`/open?h=${encodeURIComponent(bad)}`)).headers.get('location'),
      'http://127.0.0.1:3000/',
    )
    const shown = await (await visitor(fake).get(`/sign-in?h=${encodeURIComponent(bad)}`)).text()
    assert.match(shown, /data-handle=""/)
  }
})

test('a link enrols the first passkey; a wrong one does not', async () => {
  const { fake, alice, stranger } = await inUse()
  fake.identity.seedInvitation(linkSecret, alice)
  await stranger.get('/enrol')
  const begun = (await (await stranger.postJson('/enrol/begin', { secret: linkSecret })).json()) as {
    name: string
  }
  assert.equal(begun.name, 'alice')
  const bad = await stranger.postJson('/enrol/finish', {
    secret: linkSecret,
    device: '  ',
    credential: { id: 'new' },
  })
  assert.equal(bad.status, 400)
  const done = await stranger.postJson('/enrol/finish', {
    secret: linkSecret,
    device: 'new key',
    credential: { id: 'new' },
  })
  assert.deepEqual(await done.json(), { next: '/sign-in?new' })
  assert.deepEqual(fake.identity.log, ['addDevice new key by invitation:i1'])
})

test('secrets reach no log', async () => {
  const { fake, key } = await inUse()
  const who = visitor(fake)
  await who.get('/sign-in')
  await who.postJson('/sign-in/begin', {})
  await who.postJson(
    '/sign-in/finish',
    { handle: '', credential: { id: key.credential } },
    { origin: 'https://evil.example' },
  )
  await who.postJson('/enrol/begin', { secret: linkSecret }, { origin: 'https://evil.example' })
  await who.postJson('/sign-in/finish', { handle: '', credential: { id: key.credential } })
  const text = fake.logged.join('\n')
  assert.match(text, /refused at the portal/)
  for (const secret of [...who.cookies.values(), linkSecret]) assert.ok(!text.includes(secret))
})
