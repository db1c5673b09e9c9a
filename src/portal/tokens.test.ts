import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakePortal } from '../../test/e2e/pages/fake-portal.ts'
import { HOSTILE, seed } from '../../test/e2e/pages/people.ts'
import { visitor } from '../../test/e2e/pages/visitor.ts'
import { refusal } from '../core/refusal.ts'
import { readTokenWish } from './pages/token-wish.ts'
import type { TokenDesk } from './token-desk.ts'

const DAY = 24 * 3_600_000
const desk: TokenDesk = {
  repo: async (name) =>
    name.toLowerCase() === 'acme/app' || name === 'acme/old-name'
      ? { id: 3, owner: 'acme', name: 'app' }
      : undefined,
  allowed: () => refusal('denied', 'no'),
}
const wish = (of: Record<string, unknown>, longest = 30 * DAY) =>
  readTokenWish(
    { name: 'ci', level: 'read', reach: 'all', minutes: '60', ...of },
    { name: 'alice' } as never,
    desk,
    longest,
  )

test('the choices of the page, as a scope', async () => {
  const levels: Record<string, readonly string[]> = {
    read: ['read'],
    ride: ['read', 'ride'],
    change: ['change', 'read', 'ride'],
  }
  for (const [level, may] of Object.entries(levels)) {
    const read = await wish({ level })
    assert.ok(read.ok)
    assert.deepEqual(read.value.scope, { may, repos: null })
    assert.equal(read.value.life, 3_600_000)
  }
  const chosen = await wish({ level: 'chosen', actions: 'issue.create,\n read issue.create\n' })
  assert.deepEqual(chosen.ok && chosen.value.scope.may, ['issue.create', 'read'])
  // Two names of one repository are one repository.
  const some = await wish({ reach: 'listed', repos: 'acme/app\nACME/App acme/old-name' })
  assert.deepEqual(some.ok && some.value.scope.repos, [{ id: 3, owner: 'acme', name: 'app' }])
})

test('what is no choice of the page', async () => {
  for (const of of [
    { level: 'toString' },
    { level: '' },
    { level: 7 },
    { level: 'chosen' },
    { level: 'chosen', actions: 'critical' },
    { level: 'chosen', actions: 'repo.settings.read' },
    { level: 'chosen', actions: Array.from({ length: 41 }, (_, i) => `x${i}`).join(' ') },
    { reach: 'listed' },
    { reach: 'everywhere' },
    { reach: 'listed', repos: 'acme/app acme/secret' },
    { reach: 'listed', repos: Array.from({ length: 41 }, (_, i) => `acme/x${i}`).join(' ') },
    { minutes: '' },
    { minutes: '-5' },
    { minutes: '60.5' },
    { minutes: '0x10' },
    { minutes: String(31 * 24 * 60) },
    { name: ' ' },
    { name: 'x'.repeat(61) },
  ])
    assert.equal((await wish(of)).ok, false, JSON.stringify(of))
})

test('a name of a token is other people’s text, and never the token', async () => {
  const fake = fakePortal()
  const { alice, key, aliceSecret } = await seed(fake)
  const made = await fake.identity.createToken({
    account: alice.id,
    device: key.id,
    name: HOSTILE,
    scope: { may: ['read'], repos: [{ id: 3, owner: 'acme', name: HOSTILE }] },
    expiresAt: fake.at + DAY,
    now: fake.at,
    evidence: {},
  })
  assert.ok(made.ok)
  const page = await visitor(fake, aliceSecret).get('/tokens')
  const text = await page.text()
  assert.equal(page.status, 200)
  assert.ok(!text.includes('<img src=x') && !text.includes(made.value.secret))
  assert.match(text, /&lt;img src=x/)
})

test('one ends one’s own tokens, and no other', async () => {
  const fake = fakePortal()
  const { alice, aliceSecret, adminSecret } = await seed(fake)
  const [token] = fake.identity.apiTokens(alice.id)
  assert.equal((await visitor(fake, adminSecret).post(`/tokens/${token!.id}/end`, {})).status, 404)
  assert.equal(fake.identity.apiTokens(alice.id).length, 1)
  assert.equal((await visitor(fake, aliceSecret).post(`/tokens/${token!.id}/end`, {})).status, 303)
  assert.deepEqual(fake.identity.apiTokens(alice.id), [])
  assert.equal((await visitor(fake, aliceSecret).post(`/tokens/${token!.id}/end`, {})).status, 404)
})
