import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FakePortal, fakePortal } from '../../test/e2e/pages/fake-portal.ts'
import { HOSTILE, seed } from '../../test/e2e/pages/people.ts'
import { visitor } from '../../test/e2e/pages/visitor.ts'

const PAGES = [
  '/',
  '/devices',
  '/devices/add-passkey',
  '/devices/add-ssh-key',
  '/git-password',
  '/tokens',
  '/sessions',
  '/pending',
  '/ledger',
  '/people',
  '/report',
]
const STRANGER_PAGES = ['/sign-in', '/enrol', '/nothing']
const POSTS = [
  '/sign-in/begin',
  '/sign-in/finish',
  '/enrol/begin',
  '/enrol/finish',
  '/devices/d1/rename',
  '/devices/add-passkey/finish',
  '/devices/add-ssh-key/begin',
  '/git-password/p1/end',
  '/tokens/t1/end',
  '/sessions/s1/end',
  '/sessions/end-others',
  '/pending/begin',
  '/pending/approve',
  '/a/7FQK-AAAB/begin',
  '/a/7FQK-AAAB/approve',
  '/a/7FQK-AAAB/refuse',
  '/sign-out',
  '/approve/begin',
  '/approve/finish',
]

async function inUse(options: { secure?: boolean; origin?: string; forgeOrigin?: string } = {}) {
  const fake = fakePortal(options)
  const people = await seed(fake)
  return {
    fake,
    ...people,
    admins: visitor(fake, people.adminSecret),
    alices: visitor(fake, people.aliceSecret),
    stranger: visitor(fake),
  }
}
const changes = ({ identity }: FakePortal): readonly string[] => identity.log

test('every answer carries the security fields', async () => {
  const { admins, stranger } = await inUse()
  const answers = [
    ...(await Promise.all([...PAGES, ...STRANGER_PAGES].map((path) => admins.get(path)))),
    ...(await Promise.all([...PAGES, ...STRANGER_PAGES, '/open?h=x'].map((path) => stranger.get(path)))),
    ...(await Promise.all(POSTS.map((path) => stranger.postJson(path, {})))),
    await stranger.get('/sign-in', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }),
  ]
  for (const { headers } of answers) {
    assert.equal(
      headers.get('content-security-policy'),
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self' http://127.0.0.1:3000; frame-ancestors 'none'; base-uri 'none'",
    )
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin')
    assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin')
    assert.match(
      headers.get('permissions-policy') ?? '',
      /publickey-credentials-get=\(self\), publickey-credentials-create=\(self\)/,
    )
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('access-control-allow-origin'), null)
    assert.equal(headers.get('strict-transport-security'), null)
  }
})

test('pages hold no inline script or style, one h1, a language, and a label for every field', async () => {
  const { admins, stranger } = await inUse()
  for (const who of [admins, stranger]) {
    for (const path of [...PAGES, ...STRANGER_PAGES]) {
      const response = await who.get(path)
      if (response.status === 303) continue
      const page = await response.text()
      assert.match(page, /^<!doctype html>\n<html lang="en">/, path)
      assert.equal(page.match(/<h1/g)?.length, 1, path)
      assert.match(page, /<title>[^<]+ · Countersign<\/title>/, path)
      assert.doesNotMatch(
        page,
        /<style|style="|<script(?! type="module" src="\/assets\/)|\son[a-z]+="|javascript:/,
        path,
      )
      for (const [field] of page.matchAll(/<(?:input|textarea)(?![^>]*type="hidden")[^>]*>/g)) {
        const id = /\sid="([^"]+)"/.exec(field)?.[1]
        assert.ok(id !== undefined && page.includes(`<label for="${id}"`), `${path}: ${field}`)
      }
      for (const [, text, attributes] of page.matchAll(/<button([^>]*)>([^<]*)/g))
        assert.ok(`${text}${attributes}`.trim() !== '', path)
    }
  }
})

test('assets are served from memory, for good, and nothing else is under their path', async () => {
  const { stranger } = await inUse()
  const page = await (await stranger.get('/sign-in')).text()
  const paths = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!)
  assert.equal(paths.length, 3)
  for (const path of paths) {
    const asset = await stranger.get(path)
    assert.equal(asset.status, 200)
    assert.match(asset.headers.get('cache-control') ?? '', /immutable/)
    assert.equal(asset.headers.get('set-cookie'), null)
  }
  for (const path of ['/assets/', '/assets/base.css', '/assets/portal.ts', '/assets/toString'])
    assert.equal((await stranger.get(path)).status, 404)
})

test('every change without our exact origin is refused and changes nothing', async () => {
  const { fake, alices } = await inUse()
  for (const path of POSTS) {
    for (const headers of [
      { origin: '' },
      { origin: 'null' },
      { origin: fake.forgeOrigin },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const response = await alices.post(path, { name: 'x' }, headers as unknown as Record<string, string>)
      assert.equal(response.status, 403, path)
      assert.match(await response.text(), /Refused · cross-site/)
    }
    for (const type of ['text/plain', 'multipart/form-data; boundary=x']) {
      const response = await alices.post(path, { name: 'x' }, { 'content-type': type })
      assert.equal(response.status, 400, path)
    }
    assert.equal((await alices.post(`${path}?a=b`, { name: 'x' })).status, 400, path)
  }
  assert.deepEqual(changes(fake), [])
})

test('GET changes nothing, whatever is asked', async () => {
  const { fake, admins } = await inUse()
  for (const path of [
    ...PAGES,
    ...POSTS,
    ...STRANGER_PAGES,
    '/devices/d1/rename?name=x',
    '/sign-out',
    '/people?name=x',
  ])
    await admins.get(path)
  assert.deepEqual(changes(fake), [])
  assert.equal((await admins.get('/devices')).status, 200)
})

test('strangers are sent to sign in, and may change nothing of anybody', async () => {
  const { fake, stranger } = await inUse()
  for (const path of PAGES) {
    const response = await stranger.get(path)
    assert.deepEqual([response.status, response.headers.get('location')], [303, '/sign-in'], path)
  }
  for (const path of POSTS.slice(4)) assert.equal((await stranger.postJson(path, {})).status, 401, path)
  assert.deepEqual(changes(fake), [])
})

test('people and its changes are for administrators', async () => {
  const { fake, alices, key } = await inUse()
  assert.equal((await alices.get('/people')).status, 404)
  await alices.get('/')
  for (const [what, of] of [
    ['invitation', { name: 'mallory', email: 'm@example.com' }],
    ['account-state', { account: 'a3', state: 'active' }],
  ] as const) {
    const response = await alices.postJson('/approve/begin', { what, of })
    assert.equal(response.status, 403, what)
  }
  assert.deepEqual(changes(fake), [])
  assert.equal(fake.identity.device(key.id)?.state, 'active')
})

test('hostile names are escaped and marked wherever they are shown', async () => {
  const { fake, admins, alices, alice, key, admin } = await inUse()
  await fake.identity.renameDevice(key.id, HOSTILE)
  fake.identity.seedAccount({ name: HOSTILE, email: HOSTILE })
  fake.identity.seedDevice({ account: alice.id, name: 'second', enrolledBy: `device:${key.id}` })
  fake.identity.seedSession(admin, key, { userAgent: HOSTILE })
  fake.rows.push({ index: 50, type: 'outcome', time: 0, account: HOSTILE, summary: HOSTILE })
  let marked = 0
  for (const [who, paths] of [
    [admins, ['/people', '/ledger', '/sessions']],
    [alices, ['/devices', '/sessions', '/git-password']],
  ] as const) {
    for (const path of paths) {
      const page = await (await who.get(path)).text()
      assert.doesNotMatch(page, /<img|\u202e|\u200b/, path)
      marked += page.match(/<span class="odd"[^>]*>U\+202E<\/span>/g)?.length ?? 0
    }
  }
  assert.ok(marked >= 8, `${marked} marks`)
})

test('an answer to a script never says more than the refusal', async () => {
  const { alices } = await inUse()
  await alices.get('/')
  const response = await alices.postJson('/approve/begin', {
    what: 'revoke-device',
    of: { device: '<script>' },
  })
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  const problem: unknown = await response.json()
  assert.deepEqual(problem, {
    type: 'urn:countersign:not-found',
    title: 'You have no such device.',
    status: 404,
    detail: 'Reload the list of your devices.',
  })
})

test('cookies: __Host- and Secure with TLS, HttpOnly and Lax always, HSTS with TLS', async () => {
  const origin = 'https://id.git.example.com'
  const { fake, key } = await inUse({ origin, forgeOrigin: 'https://git.example.com', secure: true })
  const who = visitor(fake)
  const page = await who.get('/sign-in')
  assert.match(
    page.headers.getSetCookie()[0] ?? '',
    /^__Host-cs-pre=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
  )
  assert.match(page.headers.get('strict-transport-security') ?? '', /max-age=31536000/)
  await who.postJson('/sign-in/begin', {})
  const signed = await who.postJson('/sign-in/finish', { handle: '', credential: { id: key.credential } })
  assert.match(
    signed.headers.getSetCookie()[0] ?? '',
    /^__Host-countersign=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/,
  )
  const plain = await visitor(fakePortal()).get('/sign-in')
  assert.match(
    plain.headers.getSetCookie()[0] ?? '',
    /^cs_pre=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/,
  )
})

test('a failure inside is a page without a trace', async () => {
  const { fake, alices } = await inUse()
  Object.assign(fake.identity, {
    devices: () => {
      throw new Error('the disk is on fire')
    },
  })
  const response = await alices.get('/devices')
  assert.equal(response.status, 500)
  const page = await response.text()
  assert.doesNotMatch(page, /fire|\.ts/)
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  assert.match(fake.logged.join('\n'), /the disk is on fire/)
})
