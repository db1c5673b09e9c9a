import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aChange, type FakeParked } from '../../test/e2e/pages/fake-parked.ts'
import { fakePortal } from '../../test/e2e/pages/fake-portal.ts'
import { seed } from '../../test/e2e/pages/people.ts'
import { deletion, hostile, webhook } from '../../test/e2e/pages/some-changes.ts'
import { type Visitor, visitor } from '../../test/e2e/pages/visitor.ts'
import { VERB_NAMES } from '../core/action/verbs.ts'
import { refusal } from '../core/refusal.ts'
import type { ParkedState } from '../hold/parked-changes.ts'
import { consequence, isCritical } from './pages/change-words.ts'

async function inUse() {
  const fake = fakePortal()
  const people = await seed(fake)
  const alices = visitor(fake, people.aliceSecret)
  const admins = visitor(fake, people.adminSecret)
  await alices.get('/')
  await admins.get('/')
  const add = (more: Partial<FakeParked> = {}): FakeParked =>
    fake.parked.add({
      account: people.alice.id,
      ways: () => [{ device: people.key, uv: false }],
      ...more,
    })
  return { fake, ...people, alices, admins, add }
}

interface Begun {
  id: string
  text: string
  options: { allowCredentials: { id: string }[] }
}
const text = async (who: Visitor, { id }: { id: string }): Promise<string> =>
  (await who.get(`/c/${id}`)).text()
async function begin(who: Visitor, { id }: { id: string }): Promise<Begun> {
  const response = await who.postJson(`/c/${id}/begin`, {})
  assert.equal(response.status, 200)
  return (await response.json()) as Begun
}
const approve = (who: Visitor, one: { id: string }, id: string, credential: string): Promise<Response> =>
  who.postJson(`/c/${one.id}/approve`, { id, credential: { id: credential } })
async function refused(response: Response, status: number, say: RegExp): Promise<void> {
  assert.equal(response.status, status)
  assert.match(((await response.json()) as { title: string }).title, say)
}

test('what happens stands first, then where, then every field', async () => {
  const { alices, add } = await inUse()
  const page = await text(alices, add())
  assert.match(page, /<h1[^>]*><bdi>Give bob write access to acme\/app<\/bdi><\/h1>/)
  assert.match(page, /Nothing changes until you confirm it\./)
  assert.match(page, /<dt>Repository<\/dt><dd><strong><bdi>acme\/app</)
  assert.match(page, /<th scope="row"><bdi>Person<\/bdi><\/th><td class="value"><bdi>bob</)
  assert.match(page, /Confirm with Blue security key</)
  assert.match(page, /<code>repo\.collaborator\.add<\/code>/)
  const inOrder = ['Give bob write access', 'Nothing changes', 'acme/app</bdi></strong>', 'class="value"']
  const places = inOrder.map((words) => page.indexOf(words, page.indexOf('<h1')))
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  )
})

test('yes and no as words, a digest folded, addresses whole', async () => {
  const { fake, alices, ...people } = await inUse()
  const page = await text(alices, webhook(fake, people))
  assert.match(page, /<bdi>On push<\/bdi><\/th><td class="value"><span class="badge good">yes</)
  assert.match(page, /<bdi>On release<\/bdi><\/th><td class="value"><span class="badge">no</)
  assert.match(
    page,
    /<bdi>Secret<\/bdi><\/th><td class="value"><details><summary class="peek"><span class="soft">not shown; signed by its digest<\/span><\/summary><div class="all"><code>sha256:[0-9a-f]{64}</,
  )
  assert.match(
    page,
    /<bdi>Payload URL<\/bdi><\/th><td class="value"><bdi>https:\/\/ci\.example\.com\/hooks\/acme-app</,
  )
})

test('a critical change says what follows from it, and its button is not like others', async () => {
  const { fake, alices, add, ...people } = await inUse()
  const page = await text(alices, deletion(fake, people))
  assert.match(page, /Look twice\.<\/strong> Code, issues and history go away/)
  assert.match(page, /<button class="main critical">Confirm with Blue security key \(with PIN\)</)
  const list = await (await alices.get('/pending')).text()
  assert.match(list, /change-row critical/)
  assert.doesNotMatch(await text(alices, add()), /Look twice|main critical/)
})

for (const verb of VERB_NAMES.filter((one) => isCritical({ verb: one })))
  test(`${verb}: what follows is said`, () => assert.match(consequence(verb), /^[A-Z].+\.$/))

test('hostile values are inert, marked, and all there', async () => {
  const { fake, alices, ...people } = await inUse()
  const page = await text(alices, hostile(fake, people))
  assert.ok(!page.includes('<img') && !page.includes('<script>alert'))
  assert.doesNotMatch(page, /[\u202a-\u202e\u200b]/u)
  assert.ok(page.includes('i'.repeat(900)) && page.includes('d'.repeat(500)))
  assert.match(page, /\(4 lines\)/)
  assert.match(page, /another network than this browser/)
  assert.match(/<title>([^<]*)/.exec(page)![1]!, /U\+202E|Rename acme\/app to/)
  const list = await (await alices.get('/pending')).text()
  assert.ok(!list.includes('<img') && !/[\u202e\u200b]/u.test(list))
})

test('a text that folds keeps its lines, and an empty one says so', async () => {
  const { alices, add } = await inUse()
  const page = await text(
    alices,
    add({
      change: aChange('repo.settings.update', 'Change the settings of acme/app', [
        ['description', 'one\n  two\n'],
        ['website', ''],
      ]),
    }),
  )
  assert.match(page, /<span class="line"><bdi>one<\/bdi><\/span><span class="line"><bdi> {2}two<\/bdi>/)
  assert.match(page, /<span class="soft">empty<\/span>/)
})

/** A file of the web editor, as its schema states it. */
function edit(content: string, key = 'content') {
  const stated = [[`${key}-digest`, `sha256:${'0'.repeat(64)}`]] as const
  return {
    change: {
      ...aChange('file.edit', 'Change README.md on main of acme/app', stated),
      fields: [[key, content]] as const,
    },
  }
}

test('a long text that is signed by digest can be read, as text', async () => {
  const { alices, add } = await inUse()
  const page = await text(alices, add(edit('one\r\n<b>two</b>\u202e')))
  assert.match(page, /<details open><summary class="peek"><span class="soft">2 lines, signed by digest/)
  assert.match(
    page,
    /<bdi>one<\/bdi><\/span><span class="line"><bdi>&lt;b&gt;two&lt;\/b&gt;<span class="odd"[^>]*>U\+202E</,
  )
  assert.match(page, /Digest <code>sha256:0{64}/)
})

test('a text of many lines folds', async () => {
  const { alices, add } = await inUse()
  const page = await text(alices, add(edit('z\n'.repeat(40))))
  assert.match(page, /<details><summary class="peek"><span class="soft">41 lines, signed by digest/)
})

test('of a very long text the page says how much it leaves out', async () => {
  const { alices, add } = await inUse()
  const page = await text(alices, add(edit('y'.repeat(64 * 1024 + 1000))))
  assert.match(page, /The rest is too long to be shown here: 1,000 more characters/)
  assert.ok(page.length < 200_000)
})

for (const key of ['secret', 'password', 'payload-url', 'whatever'])
  test(`${key} by digest is shown to nobody`, async () => {
    const { alices, add } = await inUse()
    const page = await text(alices, add(edit('s3cr3t-value', key)))
    assert.ok(!page.includes('s3cr3t-value'))
    assert.match(page, /not shown; signed by its digest/)
  })

const PLACES = [
  [{ kind: 'org', org: { id: 4, name: 'acme' } }, /<dt>Organisation<\/dt><dd><strong><bdi>acme</],
  [{ kind: 'account', account: { id: 7, name: 'alice' } }, /<dt>Account<\/dt><dd><strong><bdi>your own</],
  [{ kind: 'site' }, /<dt>Where<\/dt><dd><strong><bdi>the whole forge</],
] as const
for (const [resource, words] of PLACES)
  test(`a change of ${resource.kind} says where`, async () => {
    const { alices, add } = await inUse()
    const change = aChange('org.create', 'Create the organisation acme', [['name', 'acme']], {
      repo: null,
      org: null,
    })
    assert.match(await text(alices, add({ resource, change })), words)
  })

const STATES: { readonly [state in Exclude<ParkedState, 'waiting'>]: RegExp } = {
  approved: /<h1[^>]*>Confirmed<\/h1>[\s\S]*The forge is taking it now/,
  signed: /<h1[^>]*>Signed by you<\/h1>[\s\S]*until somebody else countersigns/,
  done: /<h1[^>]*>Done<\/h1>[\s\S]*href="http:\/\/127\.0\.0\.1:3000\/acme\/app\/next">Back to the forge/,
  rejected: /<h1[^>]*>Confirmed, but turned down<\/h1>[\s\S]*They said &lt;no&gt;/,
  refused: /<h1[^>]*>Dropped<\/h1>[\s\S]*settings\/collaboration">Back to the forge/,
  expired: /<h1[^>]*>Too late<\/h1>/,
  revoked: /<h1[^>]*>Its access ended<\/h1>/,
}
for (const [state, words] of Object.entries(STATES) as [ParkedState, RegExp][])
  test(`${state}: the page says so, and offers neither touch nor drop`, async () => {
    const { alices, add, key } = await inUse()
    const one = add({
      state,
      ...(state === 'done' && { next: '/acme/app/next' }),
      ...(state === 'rejected' && { said: 'They said <no>' }),
    })
    const page = await text(alices, one)
    assert.match(page, words)
    assert.match(page, /Give bob write access to acme\/app/)
    assert.doesNotMatch(page, /Confirm with|Drop it/)
    assert.equal(page.includes('data-live'), state === 'approved' || state === 'signed')
    await refused(await alices.postJson(`/c/${one.id}/begin`, {}), 400, /waits no longer/)
    assert.equal((await alices.post(`/c/${one.id}/refuse`, {})).status, 400)
    assert.equal(one.state, state)
    assert.equal((await approve(alices, one, 'x'.repeat(43), key.credential)).status, 400)
  })

test('the touch signs every field, with the devices that policy accepts, and leads to where the forge sends', async () => {
  const { alices, add, key } = await inUse()
  const one = add({ outcome: '/acme/app/settings/collaboration?added=1' })
  const { id, text: statement, options } = await begin(alices, one)
  assert.match(statement, /\naction repo\.collaborator\.add\nfield person bob\n/)
  assert.deepEqual(
    options.allowCredentials.map(({ id: credential }) => credential),
    [key.credential],
  )
  const done = await approve(alices, one, id, key.credential)
  assert.deepEqual(await done.json(), {
    next: 'http://127.0.0.1:3000/acme/app/settings/collaboration?added=1',
  })
  assert.deepEqual(
    one.approved.map(({ device, text: signed }) => [device, signed]),
    [[key.id, statement]],
  )
  assert.match(await text(alices, one), /<h1[^>]*>Done</)
})

test('where the forge names no next page, back to the form', async () => {
  const { alices, add, key } = await inUse()
  const one = add({ outcome: null })
  const done = await approve(alices, one, (await begin(alices, one)).id, key.credential)
  assert.deepEqual(await done.json(), { next: 'http://127.0.0.1:3000/acme/app/settings/collaboration' })
})

const BACK = [
  ['/acme/app/settings?a=b', PLACES[0][0], '/acme/app/settings?a=b'],
  ['/', undefined, '/acme/app'],
  ['/', PLACES[0][0], '/acme'],
  ['/', PLACES[1][0], '/'],
  ['/', PLACES[2][0], '/'],
] as const
for (const [page, resource, way] of BACK)
  test(`from a form on ${page}, a change of ${resource?.kind ?? 'a repository'} leads back to ${way}`, async () => {
    const { alices, add } = await inUse()
    const one = add({ page, state: 'refused', ...(resource && { resource }) })
    assert.ok((await text(alices, one)).includes(`href="http://127.0.0.1:3000${way}">Back to the forge`))
  })

test('what a gate or the forge says after the touch is told, and stays on the page', async () => {
  const { alices, add, key } = await inUse()
  const one = add({ outcome: refusal('upstream', 'The forge did not take it: The user does not exist.') })
  await refused(
    await approve(alices, one, (await begin(alices, one)).id, key.credential),
    502,
    /The user does not exist/,
  )
  assert.match(await text(alices, one), /turned down<\/h1>[\s\S]*The user does not exist/)
})

test('refused: a second use, another change, another session, an unknown passkey, after it ended', async () => {
  const { fake, alice, alices, add, key } = await inUse()
  const [a, b] = [add(), add()]
  const first = await begin(alices, a)
  await refused(await approve(alices, b, first.id, key.credential), 400, /for another change/)
  // Spent by being shown for another one.
  await refused(await approve(alices, a, first.id, key.credential), 400, /used, too old/)

  const other = visitor(fake, fake.identity.seedSession(alice, key).secret)
  await other.get('/')
  const mine = await begin(alices, a)
  await refused(await approve(other, a, mine.id, key.credential), 400, /used, too old/)
  const unknown = await begin(alices, a)
  assert.notEqual((await approve(alices, a, unknown.id, 'credential-of-nobody')).status, 200)

  const late = await begin(alices, a)
  fake.parked.become(a, { state: 'expired' })
  await refused(await approve(alices, a, late.id, key.credential), 400, /no longer waits/)
  assert.deepEqual([a.approved, b.approved], [[], []])
})

test('refused: a request that is none, and one without the browser’s cookie', async () => {
  const { fake, aliceSecret, alices, add, key } = await inUse()
  const one = add()
  await refused(await alices.postJson(`/c/${one.id}/begin`, { more: 'x' }), 400, /does not belong/)
  await refused(await alices.postJson(`/c/${one.id}/approve`, { id: 'x' }), 400, /"credential" is missing/)
  assert.equal((await alices.post(`/c/${one.id}/refuse`, { why: 'x' })).status, 400)
  const bare = visitor(fake, aliceSecret)
  assert.notEqual((await bare.postJson(`/c/${one.id}/begin`, {})).status, 200)
  assert.notEqual((await approve(bare, one, 'x'.repeat(43), key.credential)).status, 200)
  assert.equal(one.state, 'waiting')
})

test('unknown and other people’s changes look alike on every step', async () => {
  const { admins, add } = await inUse()
  const foreign = add()
  const strip = (page: string, id: string): string => page.replaceAll(id, 'ID')
  const unknown = 'A'.repeat(43)
  for (const id of [foreign.id, unknown]) {
    assert.equal((await admins.get(`/c/${id}`)).status, 404)
    assert.equal((await admins.postJson(`/c/${id}/begin`, {})).status, 404)
    assert.equal((await approve(admins, { id }, 'x'.repeat(43), 'c')).status, 404)
    assert.equal((await admins.post(`/c/${id}/refuse`, {})).status, 404)
  }
  assert.equal(
    strip(await text(admins, foreign), foreign.id),
    strip(await text(admins, { id: unknown }), unknown),
  )
  assert.equal(foreign.state, 'waiting')
})

test('dropped by its person, once', async () => {
  const { alices, add } = await inUse()
  const one = add()
  const answer = await alices.post(`/c/${one.id}/refuse`, {})
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, `/c/${one.id}`])
  assert.equal(one.state, 'refused')
  assert.equal((await alices.post(`/c/${one.id}/refuse`, {})).status, 400)
})

test('no passkey will do any more: it can be dropped only', async () => {
  const { alices, add } = await inUse()
  const page = await text(alices, add({ ways: () => [] }))
  assert.match(page, /It cannot be confirmed any more/)
  assert.match(page, /Drop it/)
  assert.doesNotMatch(page, /id="confirm"/)
})

test('of many devices the button names none, the page all', async () => {
  const { alices, add, key } = await inUse()
  const named = (name: string, n: number) => ({ device: { ...key, id: `d-${n}` as never, name }, uv: false })
  const page = await text(alices, add({ ways: () => ['one', 'two', 'three'].map(named) }))
  assert.match(page, /These will do: one, two, three\./)
  assert.match(page, />Confirm with a passkey</)
})

test('at most a thousand confirmations are open; the oldest gives way', async () => {
  const { alices, add, key } = await inUse()
  const one = add()
  const oldest = await begin(alices, one)
  for (let i = 0; i < 1000; i++) await begin(alices, one)
  await refused(await approve(alices, one, oldest.id, key.credential), 400, /used, too old/)
})

test('the list hears of changes that come and go, and its tab counts them', async () => {
  const { fake, alices, add } = await inUse()
  const title = async (): Promise<string> =>
    /<title>([^<]*)/.exec(await (await alices.get('/pending')).text())![1]!
  assert.match(await title(), /^Waiting/)
  const response = await alices.get('/pending/events')
  const reader = response.body!.getReader()
  const next = async (): Promise<string> => Buffer.from((await reader.read()).value!).toString()
  await next()
  const empty = await next()
  const one = add()
  const some = await next()
  assert.notEqual(some, empty)
  assert.match(await title(), /^\(1\) Waiting/)
  fake.parked.become(one, { state: 'expired' })
  assert.equal(await next(), empty)
  await reader.cancel()
  assert.deepEqual([fake.parked.watchers, fake.holds.watchers], [0, 0])
})
