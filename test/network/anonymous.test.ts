import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { request } from 'undici'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { Git } from '../support/git.ts'
import { NAVIGATE, type Person } from '../support/person.ts'
import { enrolledPerson } from '../support/pusher.ts'
import { eventually } from '../support/raw-http.ts'

// What somebody sees who never signed in, where policy lets them: public repositories, read, and nothing that tells a private
// one from one that is not there.

const OPEN =
  '@id("public repositories are for everybody")\npermit (principal is Anonymous, action in Action::"read", resource);\n'

function homeWith(policy: string | null): string {
  const home = scratch('anonymous')
  mkdirSync(join(home, 'policy'), { recursive: true })
  if (policy !== null) writeFileSync(join(home, 'policy', 'open.cedar'), policy)
  return home
}

interface Seen {
  readonly status: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly text: string
}

async function visit(
  url: string,
  init: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Seen> {
  const { statusCode, headers, body } = await request(url, {
    method: (init.method ?? 'GET') as 'GET',
    headers: { ...NAVIGATE, ...init.headers },
    ...(init.body !== undefined && { body: init.body }),
  })
  return { status: statusCode, headers, text: await body.text() }
}

/** Without what is random in it. */
function shape({ status, headers, text }: Seen): object {
  const { date: _, ...rest } = headers
  return JSON.parse(JSON.stringify({ status, rest, text }).replace(/[A-Za-z0-9_-]{43}/g, 'RANDOM')) as object
}

/** A repository of the keeper's, made as a person makes one. */
async function makeRepo(
  gateway: RunningGateway,
  keeper: Person,
  name: string,
  isPrivate: boolean,
): Promise<void> {
  const form = await keeper.ask(`${gateway.url}/repo/create`, { headers: { accept: 'text/html' } })
  const of = (name: string): string =>
    new RegExp(`name="${name}" value="([^"]*)"|id="${name}" name="${name}" value="([^"]*)"`)
      .exec(form.text)
      ?.slice(1)
      .find(Boolean) ?? ''
  const made = await keeper.ask(`${gateway.url}/repo/create`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: gateway.url,
      'sec-fetch-site': 'same-origin',
    },
    body: new URLSearchParams({
      _csrf: of('_csrf'),
      user_id: of('user_id'),
      repo_name: name,
      auto_init: 'on',
      readme: 'Default',
      ...(isPrivate && { private: 'on' }),
    }).toString(),
  })
  assert.equal(made.status, 302, made.text.slice(0, 300))
}

for (const { name, env } of forges()) {
  describe(`visitors, ${name}`, () => {
    let gateway: RunningGateway
    let keeper: Person
    let branch: string
    const get = (path: string, headers: Record<string, string> = {}): Promise<Seen> =>
      visit(`${gateway.url}${path}`, { headers })
    const leadsToSignIn = (seen: Seen): boolean =>
      seen.status === 303 && String(seen.headers['location']).startsWith(`${gateway.portal}/open?h=`)

    before(async () => {
      gateway = await startGateway({ env, home: homeWith(OPEN) })
      keeper = await enrolledPerson(gateway, gateway.enroll!)
      await keeper.openForge('/keeper/hello')
      await makeRepo(gateway, keeper, 'Open', false)
      const head = await new Git(join(scratch('head'), 'h'), undefined).ok(
        '/',
        'ls-remote',
        '--symref',
        `${gateway.url}/keeper/Open.git`,
        'HEAD',
      )
      branch = /refs\/heads\/(\S+)/.exec(head)![1]!
    })
    after(() => gateway.stop())

    test('pages of a public repository, as the forge shows them to everybody', async () => {
      for (const path of [
        '',
        '/issues',
        '/pulls',
        '/branches',
        `/src/${branch}/README.md`,
        `/commits/${branch}`,
        `/raw/${branch}/README.md`,
      ]) {
        const seen = await get(`/keeper/Open${path}`)
        assert.equal(seen.status, 200, path)
        assert.equal(seen.headers['set-cookie'], undefined, path)
      }
      const page = await get('/keeper/open')
      assert.match(page.text, /\/user\/login/)
      assert.doesNotMatch(page.text, /href="\/user\/settings"/)
      const head = await visit(`${gateway.url}/keeper/Open`, { method: 'HEAD' })
      assert.equal(head.status, 200)
    })

    if (name !== 'stand-in')
      test('an archive', async () => {
        const seen = await get(`/keeper/Open/archive/${branch}.zip`)
        assert.equal(seen.status, 200)
        assert.match(seen.text, /^PK/)
      })

    test('nothing that a client sends makes them somebody', async () => {
      const seen = await get('/keeper/Open', {
        'x-webauth-user': 'keeper',
        authorization: `Basic ${Buffer.from('keeper:x').toString('base64')}`,
        cookie: `countersign_forge=${'A'.repeat(43)}; i_like_gogs=0123456789abcdef; gogs_awesome=keeper`,
      })
      assert.equal(seen.status, 200)
      assert.match(seen.text, /\/user\/login/)
      assert.equal(seen.headers['set-cookie'], undefined)
    })

    test('stock git clones it without any credential, and only reads', async () => {
      const dir = scratch('clone')
      const git = new Git(join(dir, 'home'), undefined)
      await git.configure({})
      await git.ok(dir, 'clone', '-q', `${gateway.url}/keeper/Open.git`, 'open')
      assert.match(await git.ok(join(dir, 'open'), 'log', '--oneline'), /./)
      const push = await git.git(join(dir, 'open'), 'push', 'origin', 'HEAD:refs/heads/other')
      assert.notEqual(push.code, 0)
      assert.match(push.stderr, /could not read Username/)
      for (const repo of ['hello', 'missing']) {
        const clone = await git.git(dir, 'clone', '-q', `${gateway.url}/keeper/${repo}.git`)
        assert.match(clone.stderr, /could not read Username/, repo)
      }
    })

    test('a wrong git password is refused, not taken for none', async () => {
      const answer = await visit(`${gateway.url}/keeper/Open.git/info/refs?service=git-upload-pack`, {
        headers: { authorization: `Basic ${Buffer.from('keeper:wrong').toString('base64')}` },
      })
      assert.equal(answer.status, 401)
    })

    test('private and missing repositories look alike, on pages and in git', async () => {
      for (const rest of [
        '',
        '/issues',
        `/raw/${branch}/README.md`,
        '?go-get=1',
        '.git/info/refs?service=git-upload-pack',
      ]) {
        const [hidden, none, nobodys] = await Promise.all(
          ['/keeper/hello', '/keeper/nothing', '/nobody/hello'].map((repo) => get(`${repo}${rest}`)),
        )
        assert.deepEqual(shape(hidden!), shape(none!), rest)
        assert.deepEqual(shape(hidden!), shape(nobodys!), rest)
        assert.ok(rest.startsWith('.git') ? hidden!.status === 401 : leadsToSignIn(hidden!), rest)
      }
    })

    test('what needs a person, or lies outside of a repository, leads to the sign-in', async () => {
      for (const path of [
        '/',
        '/explore/repos',
        '/explore/users',
        '/keeper',
        '/issues',
        '/user/settings',
        '/repo/create',
        '/admin',
        '/keeper/Open/settings',
        '/keeper/Open/settings/hooks',
        '/keeper/Open/issues/new',
        `/keeper/Open/compare/${branch}...x`,
        `/keeper/Open/_edit/${branch}/README.md`,
        '/keeper/Open/releases/new',
        '/keeper/Open/wiki/_new',
      ])
        assert.ok(leadsToSignIn(await get(path)), path)
      for (const path of [
        '/keeper/Open/issues/new',
        '/keeper/Open/action/star',
        `/keeper/Open/_edit/${branch}/README.md`,
      ]) {
        const seen = await visit(`${gateway.url}${path}`, {
          method: 'POST',
          body: 'title=x',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            origin: gateway.url,
            'sec-fetch-site': 'same-origin',
          },
        })
        assert.equal(seen.status, 401, path)
      }
      const { status } = await visit(`${gateway.url}/keeper/Open.git/info/lfs/objects/batch`, {
        method: 'POST',
        body: '{}',
      })
      assert.equal(status, 401)
      assert.equal((await get('/keeper/Open.git/info/refs?service=git-receive-pack')).status, 401)
      for (const path of ['/api/v1/repos/keeper/Open', '/api/v1/users/search?q=k'])
        assert.equal((await get(path)).status, 401, path) // a program needs a token, and no page opens that
    })

    test('go get finds the repository behind an import path', async () => {
      const host = new URL(gateway.url).host
      for (const path of ['/keeper/Open', '/keeper/Open/v2/deep/package']) {
        const seen = await get(`${path}?go-get=1`, { 'user-agent': 'Go-http-client/1.1' })
        assert.equal(seen.status, 200, path)
        assert.ok(
          seen.text.includes(
            `<meta name="go-import" content="${host}/keeper/Open git ${gateway.url}/keeper/Open.git">`,
          ),
          seen.text,
        )
      }
      const folded = await get('/keeper/oPen?go-get=1')
      assert.ok(
        folded.text.includes(`content="${host}/keeper/oPen git ${gateway.url}/keeper/Open.git"`),
        'in the spelling of the import',
      )
    })

    test('a person who signs in from there comes back, as themselves', async () => {
      const login = await keeper.ask(`${gateway.url}/user/login?redirect_to=%2fkeeper%2fOpen`, {
        headers: NAVIGATE,
      })
      assert.equal(login.status, 303)
      const back = await keeper.openForge('/user/login?redirect_to=%2fkeeper%2fOpen')
      assert.equal(back.status, 200)
      assert.equal(new URL(back.url).pathname, '/keeper/Open')
      assert.match(back.text, /\/user\/settings/)
    })

    test('policy opens one repository, or none, from one request to the next', async () => {
      const file = join(gateway.home, 'policy', 'open.cedar')
      const status = async (): Promise<number> => (await get('/keeper/Open')).status
      try {
        writeFileSync(
          file,
          '@id("other") permit (principal is Anonymous, action in Action::"read", resource == Repo::"keeper/hello");\n',
        )
        await eventually(async () => (await status()) === 303, 'only another repository is open')
        assert.ok(leadsToSignIn(await get('/keeper/hello')), 'policy does not make public what is private')
        writeFileSync(
          file,
          '@id("one") permit (principal is Anonymous, action == Action::"page.read", resource == Repo::"keeper/Open");\n',
        )
        await eventually(async () => (await status()) === 200, 'this one is open')
        assert.equal(
          (await get('/keeper/Open.git/info/refs?service=git-upload-pack')).status,
          401,
          'its pages only',
        )
        writeFileSync(file, '@id("all") permit (principal, action in Action::"read", resource);\n')
        await eventually(async () => (await status()) === 303, 'everybody is everybody who signs in')
      } finally {
        writeFileSync(file, OPEN)
        await eventually(async () => (await status()) === 200, 'open again')
      }
    })

    test('nothing of it is in the ledger, and a network has its limit', async () => {
      const ledger = new DatabaseSync(join(gateway.home, 'countersign.db'), { readOnly: true })
      const entries = (): number =>
        (ledger.prepare('select count(*) as n from ledger_entry').get() as { n: number }).n
      const before = entries()
      const statuses = new Map<number, number>()
      for (let i = 0; i < 400; i++) {
        const { status } = await get('/keeper/nothing')
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (status === 429) break
      }
      assert.equal(statuses.get(429), 1, JSON.stringify([...statuses]))
      assert.equal((await get('/keeper/Open')).headers['retry-after'], '60')
      assert.equal((await get('/keeper/Open.git/info/refs?service=git-upload-pack')).status, 429)
      assert.equal(
        (await keeper.ask(`${gateway.url}/keeper/Open`)).status,
        200,
        'a person is not counted among them',
      )
      assert.equal(entries(), before)
      ledger.close()
    })
  })

  test(`nobody is let in by default, nor before the forge shows anything, ${name}`, async () => {
    const gateway = await startGateway({ env, home: homeWith(null) })
    try {
      const keeper = await enrolledPerson(gateway, gateway.enroll!)
      await keeper.openForge('/keeper/hello')
      await makeRepo(gateway, keeper, 'Open', false)
      assert.equal((await visit(`${gateway.url}/keeper/Open`)).status, 303)
      assert.equal((await visit(`${gateway.url}/keeper/Open?go-get=1`)).status, 303)
      writeFileSync(join(gateway.home, 'policy', 'open.cedar'), OPEN)
      await eventually(async () => {
        assert.equal((await visit(`${gateway.url}/keeper/Open`)).status, 303)
        return /shows nothing to visitors/.test(gateway.log())
      }, 'the log says what to set')
      rmSync(join(gateway.home, 'policy', 'open.cedar'))
    } finally {
      await gateway.stop()
    }
  })
}
