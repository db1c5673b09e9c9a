import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  change,
  commit,
  type FakeHold,
  hunk,
  landed,
  NEW,
  OLD,
  small,
  states,
  ZERO,
} from '../../test/e2e/pages/fake-holds.ts'
import { fakePortal } from '../../test/e2e/pages/fake-portal.ts'
import { HOSTILE, seed } from '../../test/e2e/pages/people.ts'
import { dangerous, ordinary } from '../../test/e2e/pages/pushes.ts'
import { type Visitor, visitor } from '../../test/e2e/pages/visitor.ts'
import type { Shown } from '../core/git/landing.ts'
import { refusal } from '../core/refusal.ts'

async function inUse() {
  const fake = fakePortal()
  const people = await seed(fake)
  const alices = visitor(fake, people.aliceSecret)
  const admins = visitor(fake, people.adminSecret)
  await alices.get('/')
  await admins.get('/')
  const laptop = fake.identity.devices(people.alice.id).find(({ name }) => name === 'Work laptop')!
  const add = (more: Partial<FakeHold> = {}): FakeHold =>
    fake.holds.add({
      account: people.alice.id,
      ...small(),
      policy: () => [{ device: people.key, uv: false }],
      ...more,
    })
  return { fake, ...people, alices, admins, laptop, add }
}

const text = async (who: Visitor, path: string): Promise<string> => (await who.get(path)).text()
/** The page's own part, with tags and blanks taken out. */
async function words(who: Visitor, path: string): Promise<string> {
  const page = await text(who, path)
  return page
    .slice(page.indexOf('<main'), page.indexOf('</main>'))
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
}
async function begin(who: Visitor, { code }: FakeHold): Promise<string> {
  const response = await who.postJson(`/a/${code}/begin`, {})
  assert.equal(response.status, 200)
  return ((await response.json()) as { id: string }).id
}
const approve = (
  who: Visitor,
  { code }: FakeHold,
  id: string,
  credential: string,
  more: object = {},
): Promise<Response> => who.postJson(`/a/${code}/approve`, { id, credential: { id: credential }, ...more })

async function problem(response: Response, status: number, say: RegExp): Promise<void> {
  assert.equal(response.status, status)
  assert.match(((await response.json()) as { title: string }).title, say)
}

test('one look says who, where from, what, and shows commits and diff', async () => {
  const { fake, alices, ...people } = await inUse()
  const hold = ordinary(fake, people)
  const page = await words(alices, `/a/${hold.code}`)
  for (const said of [
    'Your push waits for a touch',
    'acme/app',
    'Pushed by alice',
    '127.0.0.1 , git/2.47.3',
    'pushes-need-a-touch',
    'moves forward branch main',
    '2 commits',
    'session: end at logout',
    'Alice &lt; alice@example.com &gt;',
    '2 files changed, +13 −3',
    '41 41 export function open',
    '+ return alive ? session : undefined',
    'You see: the whole diff',
    'Approve with Blue security key',
    'Refuse',
  ])
    assert.ok(page.includes(said), said)
})

test('every state has its words, and only a push that waits can be approved', async () => {
  const { alices, add } = await inUse()
  const said: Record<string, RegExp> = {
    receiving: /A push is coming in/,
    waiting: /Your push waits for a touch/,
    approved: /Approved The forge is taking it/,
    landed: /It landed/,
    rejected: /turned down.*hook said no/,
    refused: /You refused it.*You said: .*hook said no/,
    expired: /Too late/,
    gone: /The client left/,
    revoked: /Its access ended/,
    unusable: /could not be read/,
    closed: /The gateway stopped/,
  }
  for (const state of states) {
    const hold = add({ state, said: state === 'waiting' ? null : 'hook said no' })
    const page = await text(alices, `/a/${hold.code}`)
    assert.match(await words(alices, `/a/${hold.code}`), said[state]!, state)
    assert.equal(page.includes('id="approve"'), state === 'waiting', state)
    assert.equal(
      page.includes(`action="/a/${hold.code}/refuse"`),
      state === 'waiting' || state === 'receiving',
      state,
    )
    const open = ['receiving', 'waiting', 'approved'].includes(state)
    assert.equal(page.includes(' data-live'), open, state)
    const told = (await (await alices.get(`/a/${hold.code}/state`)).json()) as {
      state: string
      over: boolean
    }
    assert.deepEqual([told.state, told.over], [state, !open])
    if (state !== 'waiting')
      await problem(await alices.postJson(`/a/${hold.code}/begin`, {}), 400, /waits no longer/)
  }
})

test('a touch approves with what the page showed, once', async () => {
  const { alices, add, key } = await inUse()
  const hold = add()
  await alices.get(`/a/${hold.code}`)
  const [one, two] = [await begin(alices, hold), await begin(alices, hold)]
  assert.deepEqual(await (await approve(alices, hold, one, key.credential)).json(), { state: 'approved' })
  await problem(await approve(alices, hold, one, key.credential), 400, /used, too old/)
  await problem(await approve(alices, hold, two, key.credential), 400, /no longer waits/)
  assert.deepEqual(
    hold.approved.map(({ device, shown, batch, signature, assertion }) => [
      device,
      shown,
      batch,
      signature,
      assertion.credential,
    ]),
    [[key.id, 'diff', null, 'armored', key.credential]],
  )
})

test('of two tabs one counts, and the other is told', async () => {
  const { fake, alice, key, aliceSecret, alices, add } = await inUse()
  const other = visitor(fake, fake.identity.seedSession(alice, key).secret)
  const hold = add()
  for (const tab of [alices, other]) await tab.get(`/a/${hold.code}`)
  const ids = [await begin(alices, hold), await begin(other, hold)] as const
  const answers = await Promise.all([
    approve(alices, hold, ids[0], key.credential),
    approve(other, hold, ids[1], key.credential),
  ])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400])
  assert.equal(hold.approved.length, 1)
  assert.ok(aliceSecret)
})

test('a touch begun by another session, for another push, or never begun approves nothing', async () => {
  const { fake, alice, key, alices, add } = await inUse()
  const [hold, another] = [add(), add()]
  const other = visitor(fake, fake.identity.seedSession(alice, key).secret)
  await other.get(`/a/${hold.code}`)
  for (const push of [hold, another]) await alices.get(`/a/${push.code}`)
  await problem(await approve(other, hold, await begin(alices, hold), key.credential), 400, /used, too old/)
  await problem(
    await approve(alices, another, await begin(alices, hold), key.credential),
    400,
    /another push/,
  )
  await problem(await approve(alices, hold, 'x'.repeat(43), key.credential), 400, /used, too old/)
  await problem(
    await approve(alices, hold, await begin(alices, hold), 'credential-10'),
    400,
    /not known here/,
  )
  assert.equal(hold.approved.length + another.approved.length, 0)
})

test('what the registry refuses goes to the page', async () => {
  const { alices, add, key } = await inUse()
  const hold = add({ approve: () => refusal('denied', 'Policy changed meanwhile.') })
  await alices.get(`/a/${hold.code}`)
  await problem(await approve(alices, hold, await begin(alices, hold), key.credential), 403, /Policy changed/)
})

test('a push that no page of this session showed cannot be approved', async () => {
  const { fake, alice, key, alices, add } = await inUse()
  const hold = add()
  await visitor(fake, fake.identity.seedSession(alice, key).secret).get(`/a/${hold.code}`)
  await problem(await alices.postJson(`/a/${hold.code}/begin`, {}), 400, /not shown to you/)
})

test('unknown, malformed and other people’s codes look alike, and cost the limiter', async () => {
  const { fake, alices, admins, admin, add } = await inUse()
  const hold = add()
  const foreign = fake.holds.add({ account: admin.id })
  const pages = await Promise.all(
    ['2222-2222', 'x', foreign.code, `${hold.code}9`, '%3Cb%3E'].map(async (code) => {
      const response = await alices.get(`/a/${code}`)
      return [response.status, await response.text()]
    }),
  )
  for (const [status, page] of pages) assert.deepEqual([status, page], [404, pages[0]![1]])
  assert.equal((await admins.get(`/a/${hold.code}`)).status, 404)
  for (const step of ['begin', 'approve'])
    assert.equal(
      (await admins.postJson(`/a/${hold.code}/${step}`, step === 'begin' ? {} : { id: 'x', credential: {} }))
        .status,
      404,
    )
  assert.equal((await admins.post(`/a/${hold.code}/refuse`, { why: '' })).status, 404)
  assert.equal(hold.state, 'waiting')
  while ((await alices.get('/a/none')).status === 404);
  assert.equal((await alices.get('/a/none')).status, 429)
  assert.equal((await alices.get(`/a/${hold.code}`)).status, 429)
  assert.equal(fake.failures.filter((failed) => failed.startsWith('code ')).length, 14)
})

test('any spelling of the code finds the push', async () => {
  const { alices, add } = await inUse()
  const { code } = add()
  for (const typed of [code.toLowerCase(), code.replace('-', '')])
    assert.equal((await alices.get(`/a/${typed}`)).status, 200)
})

test('refuse takes a reason, no touch, and tells what became of it', async () => {
  const { alices, add } = await inUse()
  const hold = add()
  const response = await alices.post(`/a/${hold.code}/refuse`, { why: 'not mine' })
  assert.deepEqual([response.status, response.headers.get('location')], [303, `/a/${hold.code}`])
  assert.deepEqual([hold.state, hold.said], ['refused', 'not mine'])
  assert.match(await words(alices, `/a/${hold.code}`), /You refused it.*not mine/)
  assert.equal((await alices.post(`/a/${hold.code}/refuse`, { why: '' })).status, 400)
  assert.equal((await alices.post(`/a/${add().code}/refuse`, { why: 'x'.repeat(301) })).status, 400)
})

test('from another network the code is typed, compared here, with few tries', async () => {
  const { fake, alices, add, key } = await inUse()
  const hold = add({ client: { address: '203.0.113.9', userAgent: 'git/2' } })
  const page = await text(alices, `/a/${hold.code}`)
  assert.match(page, /another network than this browser<\/span>/)
  assert.match(page, /comes from another network \(<bdi>203\.0\.113\.9<\/bdi>\) than this browser/)
  assert.ok(!page.replace(/"[^"]*"/g, '').includes(hold.code), 'the page does not give the code away')
  await problem(await approve(alices, hold, await begin(alices, hold), key.credential), 400, /not the code/)
  for (let i = 0; i < 9; i++)
    await problem(
      await approve(alices, hold, await begin(alices, hold), key.credential, { typed: '2222-2222' }),
      400,
      /not the code/,
    )
  await problem(
    await approve(alices, hold, await begin(alices, hold), key.credential, { typed: hold.code }),
    429,
    /Too many/,
  )
  assert.equal(hold.approved.length, 0)
  fake.failures.length = 0
  const typed = hold.code.toLowerCase().replace('-', ' ')
  assert.equal(
    (await approve(alices, hold, await begin(alices, hold), key.credential, { typed })).status,
    200,
  )
  assert.equal(hold.approved.length, 1)
})

test('a code of another push of mine is not the code of this one', async () => {
  const { alices, add, key } = await inUse()
  const client = { address: '203.0.113.9', userAgent: 'git/2' }
  const [hold, another] = [add({ client }), add({ client })]
  await alices.get(`/a/${hold.code}`)
  const id = await begin(alices, hold)
  await problem(await approve(alices, hold, id, key.credential, { typed: another.code }), 400, /not the code/)
})

test('where both are of one network a typed code is not asked for, and does no harm', async () => {
  const { alices, add, key } = await inUse()
  const hold = add({ client: { address: '::ffff:127.0.0.9', userAgent: 'git/2' } })
  assert.doesNotMatch(await text(alices, `/a/${hold.code}`), /another network|id="typed"/)
  assert.equal(
    (await approve(alices, hold, await begin(alices, hold), key.credential, { typed: '' })).status,
    200,
  )
})

test('the devices that will do stand on the button, and the ceremony asks for those', async () => {
  const { alices, add, key, laptop } = await inUse()
  const hold = add({
    policy: () => [
      { device: key, uv: false },
      { device: key, uv: true },
      { device: laptop, uv: true },
    ],
  })
  assert.match(
    await words(alices, `/a/${hold.code}`),
    /Approve with Blue security key or Work laptop \(with PIN\)/,
  )
  const begun = (await (await alices.postJson(`/a/${hold.code}/begin`, {})).json()) as {
    options: { allowCredentials: { id: string }[] }
  }
  assert.ok(
    begun.options.allowCredentials.every(({ id }) => [key.credential, laptop.credential].includes(id)),
  )
})

test('no way: the page says why, and the way out', async () => {
  const { alices, add, key } = await inUse()
  const hold = add({ policy: () => [] })
  const page = await text(alices, `/a/${hold.code}`)
  assert.match(page, /This page cannot approve it.*No passkey of yours/)
  assert.match(page, /href="\/devices\/add-ssh-key"/)
  assert.doesNotMatch(page, /id="approve"/)
  await problem(await alices.postJson(`/a/${hold.code}/begin`, {}), 409, /No passkey/)
  const deeper = add({
    policy: (shown) => (shown === 'diff' ? [{ device: key, uv: false }] : []),
    landing: { ...small().landing!, shown: 'commits', missing: ['git took too long'] },
  })
  assert.match(
    await words(alices, `/a/${deeper.code}`),
    /git took too long.*Policy wants you to see the whole diff, and that cannot be shown here/,
  )
})

// What was truly shown

const many = (n: number): FakeHold['landing'] =>
  landed([{ gains: { commits: Array.from({ length: n }, (_, i) => commit(`change ${i}`)), total: n } }])
const long = (rows: number): Pick<FakeHold, 'landing' | 'patches'> => {
  const file = change('long.txt', { added: rows, removed: 0 })
  const lines = Array.from({ length: rows }, (_, i) => `+line ${i}`)
  return {
    landing: landed([
      {
        gains: { commits: [commit('one')], total: 1 },
        files: { files: [file], total: 1, added: rows, removed: 0 },
      },
    ]),
    patches: [{ files: [{ change: file, hunks: [hunk(lines)] }], cut: false }],
  }
}
const cutLine = (): Pick<FakeHold, 'landing' | 'patches'> => {
  const { landing, patches } = long(2)
  const [file] = (patches[0] as Exclude<(typeof patches)[0], Error>).files
  const [first] = file!.hunks
  const lines = first!.lines.map((line, i) => ({ ...line, cut: i === 1 }))
  return { landing, patches: [{ files: [{ ...file!, hunks: [{ ...first!, lines }] }], cut: false }] }
}

for (const [name, push, glance, all] of [
  ['all of a small push', small(), 'diff', 'diff'],
  ['still being read', { landing: undefined }, 'refs', 'refs'],
  [
    'git could list the commits only',
    { ...small(), landing: { ...small().landing!, shown: 'commits' } },
    'commits',
    'commits',
  ],
  ['git could do nothing', { ...small(), landing: { ...small().landing!, shown: 'refs' } }, 'refs', 'refs'],
  ['a hundred commits', { landing: many(100) }, 'refs', 'diff'],
  [
    'more commits than are kept',
    { landing: landed([{ gains: { commits: [commit('one')], total: 900 } }]) },
    'refs',
    'refs',
  ],
  [
    'commits that could not be counted',
    { landing: landed([{ gains: { commits: [commit('one')], total: null } }]) },
    'refs',
    'refs',
  ],
  [
    'lost commits that are not all listed',
    { landing: landed([{ loses: { commits: [], total: 2 } }]) },
    'refs',
    'refs',
  ],
  ['a long file', long(5000), 'commits', 'diff'],
  ['a patch that git cut', { ...small(), patches: [{ files: [], cut: true }] }, 'commits', 'commits'],
  ['a patch that cannot be read', { ...small(), patches: [new Error('gone')] }, 'commits', 'commits'],
  ['a line that is cut', cutLine(), 'commits', 'commits'],
] as [string, Partial<FakeHold>, Shown, Shown][])
  test(`shown: ${name}: ${glance} at a glance, ${all} on the page of all`, async () => {
    const { alices, add, key } = await inUse()
    for (const [path, expected] of [
      ['', glance],
      ['/all', all],
    ] as const) {
      const hold = add(push)
      await alices.get(`/a/${hold.code}${path}`)
      assert.equal((await approve(alices, hold, await begin(alices, hold), key.credential)).status, 200)
      assert.equal(hold.approved[0]?.shown, expected, path)
    }
  })

test('what was seen once stays seen; a claim of the client changes nothing', async () => {
  const { alices, add, key } = await inUse()
  const hold = add({ landing: many(100) })
  await alices.get(`/a/${hold.code}/all`)
  assert.match(await words(alices, `/a/${hold.code}`), /You see: the whole diff/)
  const id = await begin(alices, hold)
  await problem(await approve(alices, hold, id, key.credential, { shown: 'diff' }), 400, /does not belong/)
  assert.equal((await approve(alices, hold, await begin(alices, hold), key.credential)).status, 200)
  assert.equal(hold.approved[0]?.shown, 'diff')
})

test('what is in a binary file is shown by no page, so its diff is not seen', async () => {
  const { alices, add, key } = await inUse()
  const push = small()
  const file = { ...push.landing!.refs[0]!.files!.files[0]!, path: 'logo.png', added: null, removed: null }
  const files = { files: [file], total: 1, added: 0, removed: 0 }
  const hold = add({
    landing: { ...push.landing!, refs: [{ ...push.landing!.refs[0]!, files }] },
    patches: [{ files: [{ change: file, hunks: [] }], cut: false }],
  })
  assert.match(
    await words(alices, `/a/${hold.code}`),
    /One file is binary.*not the whole diff.*binary, its content is not shown/,
  )
  assert.equal((await approve(alices, hold, await begin(alices, hold), key.credential)).status, 200)
  assert.equal(hold.approved[0]?.shown, 'commits')
})

test('where policy wants more than the short page shows, it leads to all of it', async () => {
  const { alices, add, key } = await inUse()
  const hold = add({
    ...long(5000),
    policy: (shown) => (shown === 'diff' ? [{ device: key, uv: false }] : []),
  })
  const page = await text(alices, `/a/${hold.code}`)
  assert.match(page, /Policy wants you to see the whole diff before you approve/)
  assert.ok(page.includes(`href="/a/${hold.code}/all"`))
  assert.doesNotMatch(page, /id="approve"/)
  assert.match(await text(alices, `/a/${hold.code}/all`), /id="approve"/)
})

// Danger, and other people's text

test('what is taken away is loud', async () => {
  const { fake, alices, ...people } = await inUse()
  const hold = dangerous(fake, people)
  const page = await text(alices, `/a/${hold.code}`)
  assert.match(page, /class="ref rewrite"/)
  assert.match(page, /class="ref delete"/)
  const said = await words(alices, `/a/${hold.code}`)
  for (const what of [
    'This takes away 2 commits that the branch has now.',
    'With it 3 commits go away.',
    '2 commits taken away',
    'Annotated tag v2.0',
    'executable',
    'could not be read in time',
    'Push options: ci.skip',
  ])
    assert.ok(said.includes(what), what)
})

test('before git has looked, a deleted and a new ref are told apart from the rest', async () => {
  const { alices, add } = await inUse()
  const hold = add({
    landing: undefined,
    updates: [
      { before: OLD, after: ZERO, ref: 'refs/heads/old' },
      { before: ZERO, after: NEW, ref: 'refs/tags/v1' },
      { before: OLD, after: NEW, ref: 'refs/heads/main' },
    ],
  })
  assert.match(
    await words(alices, `/a/${hold.code}`),
    /deleted branch old .* new tag v1 .* changes branch main .*git is reading the push/,
  )
})

const BAD = `${HOSTILE}\u001b[31m\u0007\u2066\u0000</table><script>alert(1)</script>`

test('texts of others are inert wherever they stand', async () => {
  const { alices, add } = await inUse()
  const who = { name: BAD, email: BAD, time: Number.NaN }
  const file = change(BAD, { from: BAD, status: 'renamed', modes: [BAD, BAD] as never })
  const hold = add({
    repo: { id: 1, owner: BAD, name: BAD },
    updates: [{ before: OLD, after: NEW, ref: Buffer.from(`refs/heads/${BAD}`).toString('latin1') }],
    pushOptions: [BAD],
    client: { address: BAD, userAgent: BAD },
    why: BAD,
    said: BAD,
    landing: landed(
      [
        {
          tag: { name: BAD, target: BAD, tagger: who, message: BAD, messageCut: true },
          gains: {
            commits: [commit(`${BAD}\n\n${BAD}`, { id: BAD, author: who, committer: { ...who, name: 'x' } })],
            total: 1,
          },
          loses: { commits: [commit(BAD, { author: { ...who, time: 1e15 } })], total: 1 },
          files: { files: [file], total: 2, added: 1, removed: 1 },
        },
      ],
      { missing: [BAD] },
    ),
    patches: [
      {
        files: [{ change: file, hunks: [hunk([` ${BAD}`, `+${BAD}`, `-${BAD}`, `\\${BAD}`], 1, BAD)] }],
        cut: true,
      },
    ],
  })
  for (const path of [`/a/${hold.code}`, `/a/${hold.code}/all`, '/pending']) {
    const page = await text(alices, path)
    assert.doesNotMatch(page, /<img|<script>|<\/table><script|[\u0000-\u0008\u001b\u202e\u200b\u2066]/, path)
    assert.equal(page.match(/<h1/g)?.length, 1)
    assert.ok(page.includes('U+202E'), path)
  }
})

test('a megabyte on one line, ten thousand files, ten thousand refs: the page stays small', async () => {
  const { alices, add } = await inUse()
  const files = Array.from({ length: 10_000 }, (_, i) => change(`dir/file-${i}`))
  const line = hunk([`+${'y'.repeat(1 << 20)}`])
  const hold = add({
    updates: Array.from({ length: 500 }, (_, i) => ({ before: OLD, after: NEW, ref: `refs/heads/b${i}` })),
    landing: landed([
      {
        gains: { commits: [commit('x'.repeat(1 << 20))], total: 1 },
        files: { files, total: files.length, added: 10_000, removed: 10_000 },
      },
    ]),
    patches: [
      {
        files: files.map((file) => ({ change: file, hunks: [line] })),
        cut: false,
      },
    ],
  })
  const page = await text(alices, `/a/${hold.code}`)
  assert.ok(page.length < 2 << 20, `${page.length}`)
  assert.match(page, /b499/)
})

test('ten thousand files can be seen, all of them, and the whole diff with them', async () => {
  const { alices, add, key } = await inUse()
  const files = Array.from({ length: 10_000 }, (_, i) => change(`dir/file-${i}`))
  const hold = add({
    landing: landed([
      {
        gains: { commits: [commit('many')], total: 1 },
        files: { files: files.slice(0, 500), total: files.length, added: 1, removed: 1 },
      },
    ]),
    patches: [{ files: files.map((file) => ({ change: file, hunks: [hunk(['+a', '-b'])] })), cut: false }],
  })
  assert.match(await text(alices, `/a/${hold.code}`), /do not fit on this page/)
  assert.ok((await text(alices, `/a/${hold.code}/all`)).includes('dir/file-9999'))
  assert.equal((await approve(alices, hold, await begin(alices, hold), key.credential)).status, 200)
  assert.equal(hold.approved[0]?.shown, 'diff')
})

test('large pages are made one at a time, and not too many wait', async () => {
  const { alices, add } = await inUse()
  let running = 0
  let most = 0
  const hold = add()
  const { patch } = hold
  hold.patch = async (ref, bytes) => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 5))
    running--
    return patch(ref, bytes)
  }
  const answers = await Promise.all(Array.from({ length: 10 }, () => alices.get(`/a/${hold.code}/all`)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array(8).fill(200), 429, 429])
  assert.equal(most, 1)
  assert.equal((await alices.get(`/a/${hold.code}/all`)).status, 200)
})
