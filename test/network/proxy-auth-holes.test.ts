// What authenticating proxies in front of a forge got wrong elsewhere, each as a request to this one.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { forges } from '../support/forges.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { enrolledPerson, inviteLink, type Pusher, pusher } from '../support/pusher.ts'
import { rawExchange } from '../support/raw-http.ts'

for (const forge of forges()) {
  describe(`refused, in front of ${forge.name}:`, () => {
    let gateway: RunningGateway
    let keeper: Pusher
    let bob: string
    let identityHeader: string

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await pusher(gateway, 'keeper', gateway.enroll!)
      await keeper.person.openForge('/')
      const person = await enrolledPerson(gateway, await inviteLink(keeper.person, 'bob'))
      await person.openForge('/')
      bob = person.cookie(gateway.url, 'countersign_forge')!
      const running = JSON.parse(readFileSync(join(gateway.home, 'forge', 'address.json'), 'utf8')) as {
        header: string
      }
      identityHeader = running.header
    })
    after(() => gateway.stop())

    const port = (): number => Number(new URL(gateway.url).port)
    /** The page of bob's settings, asked for with `fields` in the head. */
    const settings = (fields: readonly string[], cookie = `countersign_forge=${bob}`): Promise<string> =>
      rawExchange(
        port(),
        [
          'GET /user/settings HTTP/1.1',
          `Host: 127.0.0.1:${port()}`,
          ...(cookie === '' ? [] : [`Cookie: ${cookie}`]),
          'Accept: text/html',
          ...fields,
          'Connection: close',
          '',
          '',
        ].join('\r\n'),
      )
    const isBob = (answer: string, what: string): void => {
      assert.match(answer, /^HTTP\/1\.1 200/, `${what}: ${answer.slice(0, 120)}`)
      assert.match(answer, /name="name" value="bob"/, what)
    }
    const isNobody = (answer: string, what: string): void =>
      assert.match(answer, /^HTTP\/1\.1 (?:30[237]|40[013])/, `${what}: ${answer.slice(0, 120)}`)

    test('an identity header of the client, in every spelling, beside ours and alone', async () => {
      const flip = (name: string): string =>
        [...name].map((c, at) => (at % 2 ? c.toUpperCase() : c.toLowerCase())).join('')
      for (const name of [
        identityHeader,
        identityHeader.toLowerCase(),
        identityHeader.toUpperCase(),
        flip(identityHeader),
        identityHeader.replaceAll('-', '_'),
        'X-WEBAUTH-USER',
        'x-webauth-user',
        'X_WEBAUTH_USER',
        'Remote-User',
        'X-Forwarded-User',
        'X-Remote-User',
        'X-Authenticated-User',
        'Authorization',
      ]) {
        const field = `${name}: ${name === 'Authorization' ? `Basic ${Buffer.from('keeper:x').toString('base64')}` : 'keeper'}`
        isBob(await settings([field]), field)
        isBob(await settings([field, field]), `${field}, twice`)
        isNobody(await settings([field], ''), `${field}, without a session`)
      }
    })

    test('a Connection field that would take our identity header away on the way', async () => {
      isBob(
        await settings([`Connection: ${identityHeader}`, `${identityHeader}: keeper`]),
        'named by Connection',
      )
      isBob(await settings([`Connection: cookie, ${identityHeader.toLowerCase()}`]), 'with the cookie')
    })

    test('a field name with white space, a folded value, and a bare CR', async () => {
      for (const field of [
        `${identityHeader} : keeper`,
        `${identityHeader}\t: keeper`,
        `X-Fold: a\r\n ${identityHeader}: keeper`,
        `X-Bare: a\r${identityHeader}: keeper`,
        `X-Nul: a\0b`,
      ]) {
        const answer = await settings([field])
        if (!/^HTTP\/1\.1 400/.test(answer)) isBob(answer, JSON.stringify(field))
      }
    })

    test("two sessions in one request, another user's cookies of the forge, and a session in the query", async () => {
      const mine = keeper.person.cookie(gateway.url, 'countersign_forge')!
      for (const [cookie, what] of [
        [`countersign_forge=${mine}; countersign_forge=${bob}`, 'two values in one field'],
        [`countersign_forge=${bob}; countersign_forge=${mine}`, 'the other way round'],
      ] as const) {
        const answer = await settings([], cookie)
        assert.ok(!/value="keeper"/.test(answer) || !/value="bob"/.test(answer), what)
      }
      isBob(
        await settings(['Cookie: i_like_gogs=0123456789abcdef; gogs_awesome=keeper']),
        'cookies of the forge',
      )
      isNobody(await settings([], `Countersign_Forge=${bob}`), 'another spelling of the cookie')
      isNobody(
        await rawExchange(
          port(),
          `GET /user/settings?countersign_forge=${bob} HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`,
        ),
        'in the query',
      )
    })

    test('an address that forwarding fields claim (X-Forwarded-Uri, X-Original-URL, X-Rewrite-URL, a method override)', async () => {
      const fields = [
        'X-Forwarded-Uri: /admin',
        'X-Original-URL: /admin',
        'X-Rewrite-URL: /admin',
        'X-HTTP-Method-Override: DELETE',
        'X-Forwarded-Method: DELETE',
        'X-Forwarded-Prefix: /admin',
      ]
      for (const field of fields) isBob(await settings([field]), field)
      isNobody(await settings(fields, ''), 'without a session')
    })

    test('the user agent of a health check, and paths that elsewhere need nobody', async () => {
      for (const agent of ['kube-probe/1.30', 'GoogleHC/1.0', 'ELB-HealthChecker/2.0'])
        isNobody(await settings([`User-Agent: ${agent}`], ''), agent)
      for (const path of ['/healthcheck', '/ping', '/oauth2/auth', '/-/healthy', '/metrics']) {
        const answer = await rawExchange(
          port(),
          `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nConnection: close\r\n\r\n`,
        )
        assert.doesNotMatch(answer, /^HTTP\/1\.1 200/, path)
      }
    })

    test('a fragment, and an address in absolute form, as a way past the route', async () => {
      for (const target of [
        '/user/settings#/css/x.css',
        '/css/../user/settings',
        `http://127.0.0.1:${port()}/user/settings`,
        '/user/settings;x=/css/a.css',
        '/css/%2e%2e/user/settings',
        '/css/..%2fuser/settings',
      ]) {
        const answer = await rawExchange(
          port(),
          `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`,
        )
        assert.match(answer, /^HTTP\/1\.1 (?:30[237]|40[0134])/, `${target}: ${answer.slice(0, 80)}`)
        assert.doesNotMatch(answer, /name="name" value/, target)
      }
    })

    test('a session that was there before the sign-in, and a login name with a second @', async () => {
      // A cookie that the client made up opens nothing and is never taken over.
      const planted = 'A'.repeat(43)
      isNobody(await settings([], `countersign_forge=${planted}`), 'planted')
      assert.notEqual(bob, planted)
      const begun = await keeper.person.portal('/approve/begin', {
        what: 'invitation',
        name: 'eve',
        email: 'eve@example.com@evil.example',
      })
      assert.notEqual(begun.status, 200)
    })

    test('two requests in one: lengths that disagree, and a second head in the body', async () => {
      const before = (await ledgerEntries(gateway.home, 'intent')).length
      const head = `POST /user/settings HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nCookie: countersign_forge=${bob}\r\nOrigin: ${gateway.url}\r\nSec-Fetch-Site: same-origin\r\n`
      const inner = `POST /admin/users/new HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\n${identityHeader}: keeper\r\nContent-Length: 0\r\n\r\n`
      for (const framing of [
        `Content-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
        `Content-Length: ${inner.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
        `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${inner}`,
        `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`,
        `Content-Length: +${inner.length}\r\n\r\n${inner}`,
      ]) {
        const answer = await rawExchange(port(), `${head}Connection: close\r\n${framing}`)
        assert.match(answer, /^HTTP\/1\.1 (?:4\d\d|501)/, framing.slice(0, 60))
        assert.doesNotMatch(answer, /HTTP\/1\.1 (?:2|3)\d\d/, framing.slice(0, 60))
      }
      assert.equal((await ledgerEntries(gateway.home, 'intent')).length, before)
    })

    test('what people brought is shown in a sandbox, and pages still work', async () => {
      const head = await keeper.git.ok(
        keeper.git.home,
        'ls-remote',
        '--symref',
        keeper.remote(gateway.sample),
        'HEAD',
      )
      const main = /refs\/heads\/(\S+)/.exec(head)![1]
      const raw = await keeper.person.ask(`${gateway.url}/keeper/hello/raw/${main}/README.md`)
      assert.equal(raw.status, 200)
      assert.match(String(raw.headers['content-security-policy']), /sandbox; default-src 'none'/)
      assert.equal(raw.headers['x-content-type-options'], 'nosniff')
      const page = await keeper.person.ask(`${gateway.url}/keeper/hello`)
      assert.doesNotMatch(String(page.headers['content-security-policy']), /sandbox/)
      assert.match(String(page.headers['content-security-policy']), /frame-ancestors 'self'/)
    })
  })
}
