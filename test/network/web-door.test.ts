import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { request } from 'undici'
import { forges } from '../support/forges.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { NAVIGATE, Person } from '../support/person.ts'
import {
  addSigningKey,
  enrolledPerson,
  gitPassword,
  inviteLink,
  type Pusher,
  pusher,
} from '../support/pusher.ts'
import { rawExchange } from '../support/raw-http.ts'

for (const forge of forges()) {
  describe(`the web door, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Pusher
    let person: Person
    const port = (): number => Number(new URL(gateway.url).port)

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      person = keeper.person
      assert.equal((await person.openForge('/keeper/hello')).status, 200)
    })
    after(() => gateway.stop())

    const form = async (
      path: string,
      fields: Record<string, string>,
      headers: Record<string, string> = {},
    ): Promise<{ status: number; text: string; location: string; refresh: string }> => {
      const page = await person.ask(`${gateway.url}/keeper/hello/issues/new`, { headers: NAVIGATE })
      const csrf = /name="_csrf" (?:value|content)="([^"]+)"/.exec(page.text)?.[1] ?? ''
      const answer = await person.ask(`${gateway.url}${path}`, {
        method: 'POST',
        body: new URLSearchParams({ _csrf: csrf, ...fields }).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: gateway.url,
          'sec-fetch-site': 'same-origin',
          accept: 'text/html',
          ...headers,
        },
      })
      return {
        status: answer.status,
        text: answer.text,
        location: String(answer.headers['location'] ?? ''),
        refresh: String(answer.headers['refresh'] ?? ''),
      }
    }
    const refs = async (): Promise<string> =>
      (await keeper.git.git(keeper.git.home, 'ls-remote', keeper.remote(gateway.sample))).stdout

    describe('passes', () => {
      test('pages, as the person who signed in', async () => {
        const page = await person.ask(`${gateway.url}/user/settings`, { headers: NAVIGATE })
        assert.equal(page.status, 200)
        assert.match(page.text, /keeper/)
      })
      test('an issue and a comment', async () => {
        const issue = await form('/keeper/hello/issues/new', { title: 'A title', content: 'text' })
        assert.equal(issue.status, 302, issue.text.slice(0, 300))
        const comment = await form('/keeper/hello/issues/1/comments', { content: 'a comment' })
        assert.equal(comment.status, 302, comment.text.slice(0, 300))
        assert.match(
          (await person.ask(`${gateway.url}/keeper/hello/issues/1`, { headers: NAVIGATE })).text,
          /a comment/,
        )
      })
      test('HEAD as GET', async () => {
        const { statusCode, body } = await request(`${gateway.url}/-/health`, { method: 'HEAD' })
        assert.equal(statusCode, 200)
        assert.equal((await body.text()).length, 0)
      })
    })

    describe('refuses, and nothing reaches the forge:', () => {
      test('what changes refs by another way than a certified push', async () => {
        const before = await refs()
        for (const [path, fields] of [
          ['/keeper/hello/_new/master', { tree_path: 'evil.txt', content: 'x', commit_choice: 'direct' }],
          [
            '/keeper/hello/_edit/master/README.md',
            { tree_path: 'README.md', content: 'x', commit_choice: 'direct' },
          ],
          ['/keeper/hello/_delete/master/README.md', { commit_choice: 'direct' }],
          ['/keeper/hello/pulls/1/merge', { merge_style: 'create_merge_commit' }],
          ['/keeper/hello/branches/delete/master', {}],
          ['/keeper/hello/releases/new', { tag_name: 'v9', tag_target: 'master', title: 'v9' }],
          ['/keeper/hello/settings', { action: 'delete', repo_name: 'hello' }],
          ['/keeper/hello/settings/collaboration', { collaborator: 'bob' }],
          ['/keeper/hello/settings/hooks/git/pre-receive', { content: 'true' }],
          ['/user/settings/applications', { name: 'token' }],
          ['/user/settings/ssh', { title: 'k', content: 'ssh-ed25519 AAAA' }],
          ['/user/settings/password', { old_password: '', password: 'x', retype: 'x' }],
          ['/admin/users/new', { login_type: '0-0', user_name: 'evil', email: 'e@x', password: 'x' }],
        ] as const) {
          const answer = await form(path, fields)
          // What may be done with a touch leads to the portal; nothing is done without.
          const parked = answer.refresh.startsWith(`0; url=${gateway.portal}/c/`)
          assert.ok(
            [403, 404].includes(answer.status) || (answer.status === 409 && parked),
            `${path}: ${answer.status}`,
          )
          assert.match(answer.text, /<h1>/, path)
        }
        for (const [method, path] of [
          ['PUT', '/api/v1/repos/keeper/hello/contents/evil.txt'],
          ['GET', '/api/v1/user'],
          ['POST', '/api/v1/admin/users'],
          ['DELETE', '/api/v1/repos/keeper/hello'],
          ['GET', '/keeper/hello/tasks/trigger'],
          ['GET', '/keeper/hello/milestones/1/close'],
          ['GET', '/admin/notices/empty'],
          ['HEAD', '/admin/notices/empty'],
          ['GET', '/debug/pprof/'],
          ['GET', '/-/metrics'],
          ['GET', '/keeper/hello/settings/hooks/git'],
          ['POST', '/keeper/hello.git/info/lfs/objects/batch'],
          ['PATCH', '/keeper/hello'],
          ['TRACE', '/'],
          ['BREW', '/'],
        ] as const) {
          const answer = await rawExchange(
            port(),
            `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nCookie: countersign_forge=${person.cookie(gateway.url, 'countersign_forge')}\r\nOrigin: ${gateway.url}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
          )
          assert.match(answer, /^HTTP\/1\.1 (?:40[01345]|501)/, `${method} ${path}: ${answer.slice(0, 60)}`)
        }
        assert.equal(await refs(), before)
      })

      test('requests from another site, and unsafe ones that do not say where they come from', async () => {
        for (const headers of [
          { origin: 'https://evil.example' },
          { origin: gateway.portal },
          { origin: 'null', 'sec-fetch-site': 'cross-site' },
          { origin: '' },
          { origin: gateway.url, 'sec-fetch-site': 'cross-site' },
          { origin: gateway.url, 'sec-fetch-site': 'same-site' },
        ]) {
          const answer = await form('/keeper/hello/issues/new', { title: 'forged', content: 'x' }, headers)
          assert.equal(answer.status, 403, JSON.stringify(headers))
        }
        assert.doesNotMatch(
          (await person.ask(`${gateway.url}/keeper/hello/issues`, { headers: NAVIGATE })).text,
          /forged/,
        )
      })

      test('a form that is not sent as one', async () => {
        for (const type of ['application/json', 'text/plain', '']) {
          const answer = await person.ask(`${gateway.url}/repo/create`, {
            method: 'POST',
            body: '{"repo_name":"x"}',
            headers: {
              ...(type && { 'content-type': type }),
              origin: gateway.url,
              'sec-fetch-site': 'same-origin',
            },
          })
          assert.equal(answer.status, 400, type)
        }
      })

      test('another Host: loopback aliases are redirected, others refused', async () => {
        const ask = (host: string, method = 'GET'): Promise<string> =>
          rawExchange(
            port(),
            `${method} /x HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
          )
        assert.match(
          await ask(`localhost:${port()}`),
          new RegExp(`^HTTP/1\\.1 307[\\s\\S]*location: ${gateway.url}/x`, 'i'),
        )
        for (const host of [
          'evil.example',
          `evil.example:${port()}`,
          `127.0.0.1:${port()}.evil.example`,
          `127.0.0.1:${port() + 1}`.replace(/:\d+$/, ':1'),
          new URL(gateway.portal).host.replace('localhost', 'portal.localhost'),
        ]) {
          assert.match(await ask(host), /^HTTP\/1\.1 (?:421|307)/, host)
        }
        assert.match(await ask('evil.example'), /^HTTP\/1\.1 421/)
        assert.match(await ask(`localhost:${port()}`, 'POST'), /^HTTP\/1\.1 421/)
      })

      test('addresses with a second reading', async () => {
        for (const path of [
          '//evil',
          '/a//b',
          '/keeper/../admin',
          '/keeper/%2e%2e/admin',
          '/user%2Fsettings',
          '/user/%73ettings',
          '/a%00',
          '/a%0d%0aX:y',
          '/a\\b',
          '/%',
        ]) {
          assert.match(
            await rawExchange(
              port(),
              `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nConnection: close\r\n\r\n`,
            ),
            /^HTTP\/1\.1 400/,
            path,
          )
        }
        assert.match(
          await rawExchange(
            port(),
            `GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nConnection: close\r\n\r\n`,
          ),
          /^HTTP\/1\.1 400/,
        )
      })

      test('protocol upgrades and service workers', async () => {
        assert.match(
          await rawExchange(
            port(),
            `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
            /\r\n\r\n/,
          ),
          /^HTTP\/1\.1 400/,
        )
        const worker = await person.ask(`${gateway.url}/keeper/hello/raw/master/README.md`, {
          headers: { 'service-worker': 'script', 'sec-fetch-mode': 'same-origin' },
        })
        assert.equal(worker.status, 403)
      })
    })

    describe('identity', () => {
      test("no header, Authorization or cookie of the client's makes anybody", async () => {
        const noise = {
          authorization: `Basic ${Buffer.from('countersign:x').toString('base64')}`,
          'x-webauth-user': 'countersign',
          cookie: 'i_like_gogs=0123456789abcdef; gogs_awesome=countersign',
        }
        const stranger = await request(`${gateway.url}/user/settings`, { headers: { ...NAVIGATE, ...noise } })
        assert.equal(stranger.statusCode, 303)
        await stranger.body.dump()
        const page = await person.ask(`${gateway.url}/user/settings`, {
          headers: { ...NAVIGATE, authorization: noise.authorization, 'x-webauth-user': 'countersign' },
        })
        assert.match(page.text, /keeper/)
        assert.doesNotMatch(page.text, /value="countersign"/)
      })
      test("the forge's own session cookie never reaches a client", async () => {
        const page = await person.ask(`${gateway.url}/`, { headers: NAVIGATE })
        assert.doesNotMatch(JSON.stringify(page.headers), /i_like_gogs|gogs_awesome/)
      })
      test("the forge's login, sign-up and reset pages lead to ours", async () => {
        for (const path of [
          '/user/login',
          '/user/sign_up',
          '/user/forget_password',
          '/user/reset_password',
          '/user/activate',
        ]) {
          const answer = await person.ask(`${gateway.url}${path}`, { headers: NAVIGATE })
          assert.ok([303, 403, 404].includes(answer.status), `${path}: ${answer.status}`)
          if (answer.status === 303)
            assert.ok(String(answer.headers['location']).startsWith(gateway.portal), path)
        }
      })
      test('a hand-over code works once, and in the browser that began', async () => {
        const victim = new Person(gateway)
        const begun = await victim.ask(`${gateway.url}/keeper/hello`, { headers: NAVIGATE })
        const handed = await person.ask(String(begun.headers['location']), { headers: NAVIGATE })
        const enter = String(handed.headers['location'])
        assert.match(enter, /\/-\/enter\?code=/)
        assert.equal((await person.ask(enter, { headers: NAVIGATE })).status, 401)
        assert.equal((await victim.ask(enter, { headers: NAVIGATE })).status, 401)
      })
      test('signing out ends both sessions; a session secret is new after each sign-in', async () => {
        const one = await enrolledPerson(gateway, await inviteLink(person, `erin${forge.name.length}`))
        await one.openForge('/')
        const secrets = [
          one.cookie(gateway.portal, 'countersign_portal'),
          one.cookie(gateway.url, 'countersign_forge'),
        ]
        await one.signIn()
        assert.notEqual(one.cookie(gateway.portal, 'countersign_portal'), secrets[0])
        await one.openForge('/')
        const out = await one.ask(`${gateway.portal}/sign-out`, {
          method: 'POST',
          body: '',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            origin: gateway.portal,
            'sec-fetch-site': 'same-origin',
          },
        })
        assert.ok(out.status < 400, String(out.status))
        for (const name of ['countersign_forge']) {
          const stale = await request(`${gateway.url}/user/settings`, {
            headers: { ...NAVIGATE, cookie: `${name}=${secrets[1]}` },
          })
          assert.equal(stale.statusCode, 303)
          await stale.body.dump()
        }
      })
      test('a disabled account is out everywhere, at once: portal, forge and git', async () => {
        const name = `frank${forge.name.length}`
        const frank = await enrolledPerson(gateway, await inviteLink(person, name))
        await frank.openForge('/')
        const password = await gitPassword(frank)
        const before = await frank.ask(`${gateway.url}/user/settings`, { headers: NAVIGATE })
        assert.equal(before.status, 200)
        const done = await run([
          new URL('../../countersign', import.meta.url).pathname,
          'admin',
          'disable',
          name,
          '--home',
          gateway.home,
        ])
        assert.equal(done.code, 0, done.stderr)
        let status = 200
        for (let i = 0; i < 100 && status === 200; i++)
          status = (await frank.ask(`${gateway.url}/user/settings`, { headers: NAVIGATE })).status
        for (let i = 0; i < 300 && status === 200; i++) {
          await new Promise((resolve) => setTimeout(resolve, 10))
          status = (await frank.ask(`${gateway.url}/user/settings`, { headers: NAVIGATE })).status
        }
        assert.equal(status, 303)
        assert.equal((await frank.ask(`${gateway.portal}/devices`, { headers: NAVIGATE })).status, 303)
        const git = await request(`${gateway.sample}/info/refs?service=git-upload-pack`, {
          headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` },
        })
        assert.equal(git.statusCode, 401)
        await git.body.dump()
      })
      test('wrong git passwords are slowed down, and say nothing about who exists', async () => {
        const answers = new Set<string>()
        for (let i = 0; i < 30; i++) {
          const { statusCode, body } = await request(`${gateway.sample}/info/refs?service=git-upload-pack`, {
            headers: {
              authorization: `Basic ${Buffer.from(`${i % 2 ? 'keeper' : 'nobody'}:wrong`).toString('base64')}`,
            },
          })
          answers.add(`${statusCode} ${await body.text()}`)
        }
        assert.deepEqual(
          [...answers].map((answer) => answer.slice(0, 3)),
          ['401', '429'],
        )
      })
    })

    test('nothing secret was logged', async () => {
      const log = gateway.log()
      for (const secret of [
        keeper.password,
        person.cookie(gateway.url, 'countersign_forge')!,
        person.cookie(gateway.portal, 'countersign_portal')!,
        gateway.enroll!.split('#')[1]!,
      ]) {
        assert.ok(!log.includes(secret))
      }
      assert.doesNotMatch(log, /csp_|csl_|authorization/i)
    })
  })
}

test('an SSH key of another account cannot be enrolled a second time', async () => {
  const gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
  const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
  const mallory = await enrolledPerson(gateway, await inviteLink(keeper.person, 'mallory'))
  await assert.rejects(addSigningKey(mallory, keeper.agent, keeper.key), /enrolled already/)
  await gateway.stop()
})
