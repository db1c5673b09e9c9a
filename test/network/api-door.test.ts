import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { request } from 'undici'
import { newToken } from '../../src/core/token-text.ts'
import { forges } from '../support/forges.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { submit } from '../support/held-push.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { NAVIGATE, type Person } from '../support/person.ts'
import { enrolledPerson, gitPassword, inviteLink } from '../support/pusher.ts'
import { eventually, rawExchange } from '../support/raw-http.ts'
import { confirmChange } from '../support/web-change.ts'

interface Heard {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  readonly json: any
}

for (const forge of forges()) {
  describe(`the programming interface, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Person
    let bob: Person
    let all: string // keeper's, for everything
    const bobName = `bob${forge.name.length}`

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await enrolledPerson(gateway, gateway.enroll!)
      await keeper.openForge('/')
      bob = await enrolledPerson(gateway, await inviteLink(keeper, bobName))
      all = await token(keeper, { level: 'change', reach: 'all' })
    })
    after(() => gateway.stop())

    const repo = '/repos/keeper/hello'
    const entries = (type: string): Promise<Record<string, any>[]> => ledgerEntries(gateway.home, type)

    async function token(who: Person, of: Record<string, string>): Promise<string> {
      const made = await who.approve('token', {
        name: 'test',
        level: 'read',
        reach: 'all',
        minutes: '60',
        ...of,
      })
      const secret = made['show'].token as string
      assert.match(secret, /^cst_[0-9A-Za-z]{46}$/)
      return secret
    }
    async function ask(
      secret: string | null,
      line: string,
      body?: object | string | null,
      headers: Record<string, string | string[]> = {},
    ): Promise<Heard> {
      const [method, path] = line.split(' ') as [string, string]
      const {
        statusCode,
        headers: heard,
        body: answer,
      } = await request(`${gateway.url}/api/v1${path}`, {
        method: method as 'GET',
        headers: {
          ...(secret !== null && { authorization: `token ${secret}` }),
          ...(body != null && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body != null && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await answer.text()
      const isJson = /json/.test(String(heard['content-type'])) && text !== ''
      return { status: statusCode, headers: heard, text, json: isJson ? JSON.parse(text) : null }
    }
    const parkedId = (heard: Heard): string => {
      assert.equal(heard.status, 409, heard.text)
      assert.equal(heard.json.type, 'urn:countersign:proof-needed')
      const found = new RegExp(`^${gateway.portal}/c/([A-Za-z0-9_-]{43})$`).exec(heard.json.pending)
      assert.ok(found, heard.text)
      return found[1]!
    }

    test('a token reads as its person, in both spellings of the scheme, and gets nothing but the answer', async () => {
      for (const scheme of ['token', 'Token', 'bearer', 'Bearer']) {
        const heard = await ask(null, 'GET /user', null, { authorization: `${scheme} ${all}` })
        assert.equal(heard.status, 200, heard.text)
        assert.equal(heard.json.username ?? heard.json.login, 'keeper')
        assert.equal(heard.headers['set-cookie'], undefined)
        assert.equal(heard.headers['x-content-type-options'], 'nosniff')
        assert.equal(heard.headers['access-control-allow-origin'], undefined)
        assert.equal(heard.headers['cache-control'], 'no-store')
        assert.match(String(heard.headers['content-security-policy']), /sandbox/)
      }
      const one = await ask(all, `GET ${repo}`)
      assert.equal(one.json.full_name, 'keeper/hello')
      const branches = await ask(all, `GET ${repo}/branches`)
      assert.equal(branches.status, 200)
      assert.ok(Array.isArray(branches.json))
      const head = await ask(all, `HEAD ${repo}`)
      assert.equal(head.status, 200)
      assert.equal(head.text, '')
      assert.equal((await entries('intent')).filter(({ door }) => door === 'api').length, 0)
    })

    test('nobody else gets in: no token, wrong ones, passwords, cookies, headers that name somebody', async () => {
      const password = await gitPassword(keeper)
      const cookie = `countersign_forge=${keeper.cookie(gateway.url, 'countersign_forge')}`
      const portal = `countersign_portal=${keeper.cookie(gateway.portal, 'countersign_portal')}`
      const spoofed = {
        'x-webauth-user': 'keeper',
        'x-forwarded-user': 'keeper',
        'x-remote-user': 'keeper',
        forwarded: 'for=127.0.0.1',
      }
      const tries: readonly [string, Record<string, string | string[]>][] = [
        ['nothing', {}],
        ['a browser session', { cookie, ...NAVIGATE }],
        ['a browser session of a page', { cookie, origin: gateway.url, 'sec-fetch-site': 'same-origin' }],
        ['a portal session', { cookie: portal }],
        ['names', spoofed],
        ['names and a session', { ...spoofed, cookie }],
        ['a fresh text', { authorization: `token ${newToken()}` }],
        ['one letter off', { authorization: `token ${all.slice(0, -1)}${all.endsWith('0') ? '1' : '0'}` }],
        ['a git password', { authorization: `token ${password}` }],
        ['a session', { authorization: `Bearer ${cookie.split('=')[1]}` }],
        ['basic', { authorization: `Basic ${Buffer.from(`keeper:${all}`).toString('base64')}` }],
        ['basic, as the user', { authorization: `Basic ${Buffer.from(`${all}:`).toString('base64')}` }],
        ['no scheme', { authorization: all }],
        ['two words', { authorization: `token ${all} ${all}` }],
      ]
      // Wrong ones are counted, those without any are not.
      for (const [name, headers] of tries)
        for (const line of [
          'GET /user',
          `DELETE ${repo}`,
          ...('authorization' in headers ? [] : [`GET ${repo}`, 'GET /nothing', 'POST /admin/users']),
        ]) {
          const heard = await ask(null, line, null, headers)
          assert.equal(heard.status, 401, `${name}: ${line} ${heard.status} ${heard.text}`)
          assert.match(String(heard.headers['content-type']), /^application\/problem\+json/)
          assert.match(String(heard.headers['www-authenticate']), /^Bearer realm="Countersign"/)
          assert.ok(!heard.text.includes(all) && heard.headers['set-cookie'] === undefined)
        }
    })

    test('a cookie beside a token says nothing, and no header names anybody or another method', async () => {
      const bobs = await token(bob, {})
      const cookie = `countersign_forge=${keeper.cookie(gateway.url, 'countersign_forge')}; i_like_gogs=x`
      const heard = await ask(bobs, 'GET /user', null, {
        cookie,
        'x-webauth-user': 'keeper',
        'x-forwarded-user': 'keeper',
        'x-http-method-override': 'DELETE',
        'x-method-override': 'DELETE',
        _method: 'DELETE',
      })
      assert.equal(heard.json.username ?? heard.json.login, bobName)
      const still = await ask(all, `GET ${repo}`, null, { 'x-http-method-override': 'DELETE' })
      assert.equal(still.status, 200)
      assert.equal((await ask(all, `GET ${repo}`)).status, 200)
      assert.equal((await ask(all, `POST ${repo}`, {}, { 'x-http-method-override': 'DELETE' })).status, 403)
    })

    test('two Authorization fields, and a token in the address, are refused with words', async () => {
      const port = Number(new URL(gateway.url).port)
      const { host } = new URL(gateway.url)
      for (const second of [`token ${all}`, 'Basic eDp5', `token ${newToken()}`]) {
        const raw = await rawExchange(
          port,
          `GET /api/v1/user HTTP/1.1\r\nHost: ${host}\r\nAuthorization: token ${all}\r\nauthorization: ${second}\r\nConnection: close\r\n\r\n`,
        )
        assert.match(raw, /^HTTP\/1\.1 400 /)
        assert.match(raw, /two Authorization fields/)
      }
      for (const query of [`token=${all}`, `access_token=${all}`, `Token=${all}`, `%74oken=${all}`]) {
        for (const secret of [null, all]) {
          const heard = await ask(secret, `GET /user?${query}`)
          assert.equal(heard.status, 400)
          assert.match(heard.text, /logs and histories/)
          assert.ok(!heard.text.includes(all))
        }
      }
      assert.ok(!gateway.log().includes(all))
    })

    test('a ride: an issue is made, recorded as the token’s, and is no evidence of intent', async () => {
      const outcomes = (await entries('outcome')).length
      const made = await ask(all, `POST ${repo}/issues`, { title: 'From a program', body: 'Hello' })
      assert.equal(made.status, 201, made.text)
      assert.equal(made.json.title, 'From a program')
      const intent = (await entries('intent')).at(-1)!
      // The answer goes on as it comes; what came of it is written right after.
      await eventually(async () => (await entries('outcome')).length > outcomes, 'the outcome is on record')
      assert.equal(intent['action'], 'issue.create')
      assert.equal(intent['door'], 'api')
      assert.match(intent['via'], /^token:/)
      assert.deepEqual(
        [intent['proof'].method, intent['proof'].bound, intent['proof'].up, intent['statement']],
        ['token', 'token', false, null],
      )
      assert.equal((await entries('outcome')).at(-1)!['result'], 'accepted')
    })

    test('bodies that two programs could read in two ways never leave the gateway', async () => {
      const before = (await entries('intent')).length
      const bodies: readonly [string, string | object, Record<string, string>?][] = [
        ['a member twice', '{"title":"a","title":"b"}'],
        ['a member twice, folded', '{"title":"a","Title":"b"}'],
        ['a member that folds', '{"TITLE":"a"}'],
        ['an unknown member', { title: 'a', sudo: 'bob' }],
        ['a list', '[]'],
        ['no JSON', 'title=a'],
        ['more behind', '{"title":"a"}{}'],
        ['a form', 'title=a', { 'content-type': 'application/x-www-form-urlencoded' }],
        ['no type', '{"title":"a"}', { 'content-type': 'text/plain' }],
        ['another charset', '{"title":"a"}', { 'content-type': 'application/json; charset=utf-16' }],
        ['compressed', '{"title":"a"}', { 'content-encoding': 'gzip' }],
      ]
      for (const [name, body, headers] of bodies) {
        const heard = await ask(all, `POST ${repo}/issues`, body, headers)
        assert.equal(heard.status, 400, `${name}: ${heard.status} ${heard.text}`)
      }
      const large = await ask(all, `POST ${repo}/issues`, { title: 'a', body: 'x'.repeat(1 << 20) })
      assert.equal(large.status, 413)
      assert.equal((await ask(all, 'GET /user', {})).status, 400)
      assert.equal((await entries('intent')).length, before)
    })

    test('a body without a length that goes on and on: refused, and the client hears why', async () => {
      const { request: http } = await import('node:http')
      const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
        const req = http(`${gateway.url}/api/v1${repo}/issues`, {
          method: 'POST',
          headers: { authorization: `token ${all}`, 'content-type': 'application/json' },
        })
        req.on('error', reject)
        req.on('response', (res) => {
          let text = ''
          res.setEncoding('utf8').on('data', (more: string) => (text += more))
          res.on('end', () => resolve({ status: res.statusCode!, text }))
        })
        for (let i = 0; i < 20; i++) req.write('x'.repeat(1 << 16))
        req.end()
      })
      assert.equal(answer.status, 413)
      assert.match(answer.text, /larger than 1 MiB/)
    })

    test('a stranger’s body is not read: refused before a byte of it', async () => {
      const port = Number(new URL(gateway.url).port)
      const { host } = new URL(gateway.url)
      const raw = await rawExchange(
        port,
        `POST /api/v1${repo}/issues HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n`,
        /\r\n\r\n/,
      )
      assert.match(raw, /^HTTP\/1\.1 401 /)
    })

    test('the scope holds: verbs, repositories, whatever they are called; what is out of reach looks like nothing', async () => {
      const created = await ask(all, 'POST /user/repos', { name: 'other', private: true })
      assert.equal(created.status, 201, created.text)
      const some = await token(keeper, { level: 'ride', reach: 'listed', repos: 'keeper/hello' })
      assert.equal((await ask(some, `GET ${repo}`)).status, 200)
      assert.equal((await ask(some, 'GET /repos/KEEPER/Hello')).status, 200)
      const gone = await ask(some, 'GET /repos/keeper/nothing')
      assert.equal(gone.status, 404)
      const escapes = [
        'GET /repos/keeper/other',
        'GET /repos/keeper/OTHER',
        'GET /repos/Keeper/other/branches',
        'HEAD /repos/keeper/other',
        'POST /repos/keeper/other/issues',
        'DELETE /repos/keeper/other',
        `PUT /repos/keeper/other/collaborators/${bobName}`,
      ]
      for (const line of escapes) {
        const heard = await ask(some, line, line.startsWith('P') ? {} : null)
        assert.equal(heard.status, 404, line)
        if (!line.startsWith('HEAD')) assert.equal(heard.text, gone.text, line)
      }
      for (const line of [
        'GET /repos/keeper/other.git',
        'GET /repos/keeper/hello.git',
        'GET /repos/keeper/hello/../other',
        'GET /repos/keeper/hello/%2e%2e/other',
        'GET /repos/keeper/hello%2F..%2Fother',
        'GET /repos//keeper/other',
        'GET /repos/keeper/hello/..%5c../other',
      ]) {
        // As bytes: a client's own library would tidy such an address up.
        const { host, port } = new URL(gateway.url)
        const raw = await rawExchange(
          Number(port),
          `${line.replace(' ', ' /api/v1')} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: token ${some}\r\nConnection: close\r\n\r\n`,
        )
        assert.match(raw, /^HTTP\/1\.1 40[04] /, line)
      }
      // Outside of any repository, and beyond the verbs.
      for (const line of [
        'GET /user',
        'GET /user/repos',
        'GET /repos/search',
        'POST /user/repos',
        'GET /user/issues',
      ])
        assert.equal((await ask(some, line, line.startsWith('P') ? { name: 'x' } : null)).status, 403, line)
      const beyond = await ask(some, `DELETE ${repo}`)
      assert.equal(beyond.status, 403)
      assert.match(String(beyond.headers['www-authenticate']), /error="insufficient_scope"/)
      const reader = await token(keeper, { level: 'read' })
      assert.equal((await ask(reader, 'GET /user')).status, 200)
      assert.equal((await ask(reader, `POST ${repo}/issues`, { title: 'x' })).status, 403)
      const only = await token(keeper, { level: 'chosen', actions: 'issue.create' })
      assert.equal((await ask(only, `POST ${repo}/issues`, { title: 'only this' })).status, 201)
      assert.equal((await ask(only, `GET ${repo}`)).status, 403)
      // Another person's token, of a wide scope, sees no more than they do.
      const bobs = await token(bob, { level: 'change' })
      for (const line of [
        'GET /repos/keeper/other',
        'DELETE /repos/keeper/other',
        'GET /repos/keeper/nothing',
      ])
        assert.equal((await ask(bobs, line)).status, 404, line)
    })

    test('no token is made for what its maker may not see, or for what no token does', async () => {
      const begin = (of: object) =>
        bob.portal('/approve/begin', {
          what: 'token',
          of: { name: 'x', level: 'read', reach: 'all', minutes: '60', ...of },
        })
      for (const of of [
        { reach: 'listed', repos: 'keeper/other' },
        { reach: 'listed', repos: '' },
        { reach: 'listed', repos: 'keeper/other/../hello' },
        { level: 'chosen', actions: 'repo.git-hook.update' },
        { level: 'chosen', actions: 'repo.webhook.read' },
        { level: 'chosen', actions: 'token.create' },
        { level: 'chosen', actions: 'everything' },
        { level: 'chosen', actions: '' },
        { level: 'admin' },
        { minutes: '0' },
        { minutes: '99999999' },
        { minutes: '1e9' },
        { name: '' },
      ])
        assert.equal((await begin(of)).status, 400, JSON.stringify(of))
    })

    test('credentials of the forge are neither made nor shown, whatever the token', async () => {
      for (const line of [
        'GET /users/keeper/tokens',
        'POST /users/keeper/tokens',
        'GET /user/keys',
        'POST /user/keys',
        'DELETE /user/keys/1',
        'GET /users/keeper/keys',
        `GET ${repo}/keys`,
        `POST ${repo}/keys`,
        `GET ${repo}/hooks`,
        `POST /admin/users/${bobName}/keys`,
        `POST ${repo}/mirror-sync`,
      ]) {
        const heard = await ask(all, line, /^P/.test(line) ? { name: 'x', title: 'x', key: 'x' } : null)
        assert.equal(heard.status, 403, `${line}: ${heard.text}`)
        assert.equal(heard.json.type, 'urn:countersign:not-allowed-yet', line)
        assert.equal(heard.json.pending, undefined)
      }
    })

    test('a change waits for its person: 409, the page says which token asked, a touch carries it out', async () => {
      const id = parkedId(await ask(all, `PUT ${repo}/collaborators/${bobName}`, {}))
      const shown = await keeper.ask(`${gateway.portal}/c/${id}`)
      assert.match(shown.text, new RegExp(`Give ${bobName} write access to keeper/hello`))
      assert.match(shown.text, /the token .*test/)
      const done = await confirmChange(keeper, id)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      const intent = (await entries('intent')).at(-1)!
      assert.equal(intent['action'], 'repo.collaborator.add')
      const given = (await entries('account.create')).find(({ account }) => account.name === bobName)!
      assert.deepEqual(intent['change'].fields, [
        ['person', bobName],
        ['given-to', String(given['account'].forgeId)],
      ])
      assert.equal(intent['proof'].bound, 'action')
      assert.match(intent['via'], /^token:/)
      assert.equal((await entries('outcome')).at(-1)!['result'], 'accepted')
      // Now that he is in, the same address says what he may do there.
      const admin = parkedId(await ask(all, `PUT ${repo}/collaborators/${bobName}`, { permission: 'admin' }))
      assert.match((await keeper.ask(`${gateway.portal}/c/${admin}`)).text, /admin access to keeper\/hello/)
      assert.equal((await confirmChange(keeper, admin)).status, 200)
      assert.equal((await entries('intent')).at(-1)!['action'], 'repo.collaborator.make-admin')
      const removed = parkedId(await ask(all, `DELETE ${repo}/collaborators/${bobName}`))
      assert.equal((await confirmChange(keeper, removed)).status, 200)
      assert.equal((await entries('intent')).at(-1)!['action'], 'repo.collaborator.remove')
    })

    test('a file: one commit that the gateway makes, signed by its id, and not without a touch', async () => {
      const refs = async (): Promise<string> => (await ask(all, `GET ${repo}/branches`)).text
      const before = await refs()
      const put = (path: string, text: string, more: object = {}): Promise<Heard> =>
        ask(all, `PUT ${repo}/contents/${path}`, {
          message: 'By a program',
          content: Buffer.from(text).toString('base64'),
          ...more,
        })
      const id = parkedId(await put('docs/new.md', 'Hello from a program\n'))
      assert.equal(await refs(), before)
      const done = await confirmChange(keeper, id)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      const intent = (await entries('intent')).at(-1)!
      assert.equal(intent['action'], 'file.create')
      assert.match(intent['via'], /^token:/)
      const outcome = (await entries('outcome')).at(-1)!
      assert.equal(outcome['result'], 'accepted')
      assert.equal(outcome['refs'][0].after, intent['updates'][0].after)
      assert.notEqual(await refs(), before)
      const edited = parkedId(await put('docs/new.md', 'And again\n', { branch: 'from-a-program' }))
      assert.equal((await confirmChange(keeper, edited)).status, 200)
      assert.equal((await entries('intent')).at(-1)!['action'], 'file.edit')
      assert.match(await refs(), /from-a-program/)
      // The branch is there now: no second one of that name, and not by somebody who may only read.
      assert.equal((await put('docs/new.md', 'Twice\n', { branch: 'from-a-program' })).status, 400)
      assert.equal((await put('.git/config', 'x\n')).status, 400)
      const bobs = await token(bob, { level: 'change' })
      const denied = await ask(bobs, `PUT ${repo}/contents/x.md`, { message: 'x', content: 'eA==' })
      assert.ok([403, 404].includes(denied.status), `${denied.status} ${denied.text}`)
      const some = await token(keeper, { level: 'chosen', actions: 'file.edit' })
      assert.equal(
        (await ask(some, `PUT ${repo}/contents/y.md`, { message: 'x', content: 'eA==' })).status,
        403,
      )
    })

    test('a webhook by the interface: its secret is nowhere but at the forge', async () => {
      const secret = 'a-secret-of-a-webhook-0815'
      const id = parkedId(
        await ask(all, `POST ${repo}/hooks`, {
          type: 'gogs',
          config: { url: 'https://93.184.215.14/hook', content_type: 'json', secret },
          events: ['push'],
          active: true,
        }),
      )
      assert.ok(!(await keeper.ask(`${gateway.portal}/c/${id}`)).text.includes(secret))
      const done = await confirmChange(keeper, id)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.ok(!JSON.stringify(await entries('intent')).includes(secret) && !gateway.log().includes(secret))
    })

    test('nobody else’s touch, no touch by the token, none twice; and the person may say no', async () => {
      const line = `PUT ${repo}/collaborators/${bobName}`
      const id = parkedId(await ask(all, line, {}))
      assert.equal((await bob.ask(`${gateway.portal}/c/${id}`)).status, 404)
      assert.equal((await confirmChange(bob, id)).status, 404)
      await submit(keeper, `/c/${id}/refuse`, {})
      assert.notEqual((await confirmChange(keeper, id)).status, 200)
      const other = parkedId(await ask(all, line, {}))
      assert.equal((await confirmChange(keeper, other)).status, 200)
      assert.notEqual((await confirmChange(keeper, other)).status, 200)
      await confirmChange(keeper, parkedId(await ask(all, `DELETE ${repo}/collaborators/${bobName}`)))
    })

    test('an ended token takes what it asked for with it, and opens nothing from then on', async () => {
      const short = await token(keeper, { name: 'to end', level: 'change' })
      const id = parkedId(await ask(short, `PUT ${repo}/collaborators/${bobName}`, {}))
      const page = (await keeper.ask(`${gateway.portal}/tokens`)).text
      assert.ok(!page.includes(short))
      const ends = [
        ...page.matchAll(/<h3><bdi>([^<]*)<\/bdi><\/h3>[\s\S]*?action="(\/tokens\/[A-Za-z0-9_-]{43}\/end)"/g),
      ]
      const [, , path] = ends.find(([, name]) => name === 'to end')!
      // Not somebody else's to end.
      await assert.rejects(submit(bob, path!, {}), /404/)
      assert.equal((await ask(short, 'GET /user')).status, 200)
      await submit(keeper, path!, {})
      assert.equal((await ask(short, 'GET /user')).status, 401)
      assert.match((await keeper.ask(`${gateway.portal}/c/${id}`)).text, /Its access ended/)
      assert.notEqual((await confirmChange(keeper, id)).status, 200)
      assert.ok((await entries('token.end')).length >= 1)
    })

    test('ended while its body was on its way: nothing is done', async () => {
      const short = await token(keeper, { name: 'mid flight', level: 'ride' })
      const before = (await entries('intent')).length
      const { request: http } = await import('node:http')
      const answer = new Promise<number>((resolve, reject) => {
        const req = http(`${gateway.url}/api/v1${repo}/issues`, {
          method: 'POST',
          headers: { authorization: `token ${short}`, 'content-type': 'application/json' },
        })
        req.on('error', reject)
        req.on('response', (res) => {
          res.resume()
          resolve(res.statusCode!)
        })
        req.write('{"title":')
        void (async () => {
          const page = (await keeper.ask(`${gateway.portal}/tokens`)).text
          const found = /mid flight[\s\S]*?action="(\/tokens\/[A-Za-z0-9_-]{43}\/end)"/.exec(page)
          await submit(keeper, found![1]!, {})
          req.end('"late"}')
        })().catch(reject)
      })
      assert.equal(await answer, 401)
      assert.equal((await entries('intent')).length, before)
    })

    test('a device that is disabled ends the tokens it made', async () => {
      const other = await bob.addPasskey('second')
      const made = await bob.portal('/approve/begin', {
        what: 'token',
        of: { name: 'x', level: 'read', reach: 'all', minutes: '60' },
      })
      other.counter++
      const done = await bob.portal('/approve/finish', {
        id: made.json['id'],
        credential: other.get(made.json['options']),
      })
      const secret = done.json['show'].token as string
      assert.equal((await ask(secret, 'GET /user')).status, 200)
      const page = (await bob.ask(`${gateway.portal}/devices`)).text
      const second = /name="name" value="second"/.exec(page)!.index
      const device = /id="name-([A-Za-z0-9_-]{43})" name="name" value="second"/.exec(page)![1]!
      assert.ok(second > 0)
      await bob.approve('revoke-device', { device })
      assert.equal((await ask(secret, 'GET /user')).status, 401)
    })

    test('stock curl: a token from the portal, in its own field', async () => {
      const answer = await run(
        ['curl', '-sS', '-H', `Authorization: token ${all}`, `${gateway.url}/api/v1${repo}`],
        {},
      )
      assert.equal(answer.code, 0, answer.stderr)
      assert.equal(JSON.parse(answer.stdout).full_name, 'keeper/hello')
      const stolen = await run(
        ['curl', '-sS', '-o', '-', '-u', `keeper:${all}`, `${gateway.url}/api/v1/user`],
        {},
      )
      assert.match(stolen.stdout, /Names and passwords open nothing here/)
    })

    test('a token is no way into pages, git or the portal', async () => {
      const { status, headers } = await keeper.ask(`${gateway.url}/keeper/hello`, {
        headers: { cookie: '', authorization: `token ${all}`, accept: 'application/json' },
      })
      assert.equal(status, 401, JSON.stringify(headers))
      const git = await run(['git', 'ls-remote', gateway.sample.replace('://', `://keeper:${all}@`)], {
        env: { GIT_TERMINAL_PROMPT: '0' },
      })
      assert.notEqual(git.code, 0)
    })

    test('policy decides: tokens forbidden, a verb forbidden, and reads that want more than a token', async () => {
      const { mkdirSync, writeFileSync } = await import('node:fs')
      const { join } = await import('node:path')
      mkdirSync(join(gateway.home, 'policy'), { recursive: true })
      const loads = (await entries('policy.load')).length
      writeFileSync(
        join(gateway.home, 'policy', 'tokens.cedar'),
        '@id("no tokens") forbid (principal, action == Action::"token.create", resource);\n' +
          '@id("no labels by tokens") forbid (principal, action == Action::"issue.create", resource) when { context.proof.bound == "token" };\n',
      )
      await eventually(async () => (await entries('policy.load')).length > loads, 'the policy is loaded')
      const denied = await ask(all, `POST ${repo}/issues`, { title: 'x' })
      assert.equal(denied.status, 403)
      assert.match(denied.text, /no labels by tokens/)
      assert.equal((await ask(all, `GET ${repo}`)).status, 200)
      const begun = await keeper.portal('/approve/begin', {
        what: 'token',
        of: { name: 'x', level: 'read', reach: 'all', minutes: '60' },
      })
      keeper.passkey.counter++
      const made = await keeper.portal('/approve/finish', {
        id: begun.json['id'],
        credential: keeper.passkey.get(begun.json['options']),
      })
      assert.equal(made.status, 403, JSON.stringify(made.json))
      assert.match(JSON.stringify(made.json), /no tokens/)
    })

    test('too many wrong tokens: 429, and a good one is not kept out by them', async () => {
      let last = 0
      for (let tries = 0; tries < 60 && last !== 429; tries++)
        last = (await ask(newToken(), 'GET /user')).status
      assert.equal(last, 429)
      assert.equal((await ask(all, 'GET /user')).status, 200)
    })
  })
}
