import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { request } from 'undici'
import { writePktLine } from '../../src/core/git/pkt-line.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { NAVIGATE, Person } from '../support/person.ts'
import { enrolledPerson } from '../support/pusher.ts'
import { eventually, rawExchange } from '../support/raw-http.ts'

// What somebody can do who never signed in, at every door. The one claim: the ledger has not one entry more afterwards.

const ID = '1'.repeat(40)
const SECRET = 'A'.repeat(43)

let gateway: RunningGateway
let keeper: Person
let counted: DatabaseSync
const entries = (): number =>
  (counted.prepare('select count(*) as n from ledger_entry').get() as { n: number }).n
const portOf = (origin: string): number => Number(new URL(origin).port)

before(async () => {
  gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
  keeper = await enrolledPerson(gateway, gateway.enroll!)
  assert.equal((await keeper.openForge('/keeper/hello')).status, 200)
  counted = new DatabaseSync(join(gateway.home, 'countersign.db'), { readOnly: true })
})
after(async () => {
  counted.close()
  await gateway.stop()
})

/** Send `requests`, then have somebody who is signed in be refused: what came before is on record by then, or never. */
async function grows(requests: () => Promise<void>): Promise<number> {
  const start = entries()
  await requests()
  const refused = await keeper.ask(`${gateway.url}/keeper/hello/issues/new`, {
    method: 'POST',
    body: 'title=x',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.example' },
  })
  assert.equal(refused.status, 403)
  await eventually(() => entries() > start, "the keeper's own refusal is on record")
  return entries() - start - 1
}

/** Ask without any session; answers the status. */
async function ask(url: string, init: Parameters<typeof request>[1] = {}): Promise<number> {
  const { statusCode, body } = await request(url, init)
  await body.dump()
  return statusCode
}

/** One exchange on a socket of its own; `line` is the request line, fields end in LF. */
function raw(origin: string, line: string, fields: readonly string[], body = ''): Promise<string> {
  return rawExchange(portOf(origin), `${[line, ...fields, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`)
}

/** Write `bytes` and hang up without waiting for an answer. */
function hangUp(origin: string, bytes: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(portOf(origin), '127.0.0.1', () => socket.end(bytes))
    socket
      .on('error', () => {})
      .on('close', () => resolve())
      .resume()
  })
}

test('the count sees what is recorded', async () => {
  assert.equal(await grows(async () => {}), 0)
  const other = await grows(async () => {
    assert.equal(await ask(`${gateway.url}/keeper/hello`, { headers: NAVIGATE }), 303)
    await keeper.signIn()
    assert.equal((await keeper.openForge('/keeper/hello')).status, 200)
  })
  assert.notEqual(other, 0)
})

test('pages, changes and addresses of the forge origin', async () => {
  const grown = await grows(async () => {
    for (const path of [
      '/',
      '/keeper/hello',
      '/no/such/repo',
      '/admin',
      '/api/v1/user',
      '/-/nothing',
      '/x/y/z',
    ])
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const)
        assert.ok(
          (await ask(`${gateway.url}${path}`, { method, headers: NAVIGATE })) >= 300,
          `${method} ${path}`,
        )
    for (const path of [
      '/keeper/hello/_new/master',
      '/repo/create',
      '/keeper/hello/issues/new',
      '/user/login',
    ]) {
      const headers = {
        origin: gateway.url,
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
      }
      const status = await ask(`${gateway.url}${path}`, { method: 'POST', headers, body: 'title=x&_csrf=x' })
      assert.ok(status >= 300, path)
    }
    for (const path of [
      '//evil',
      '/keeper/../admin',
      '/user%2Fsettings',
      '/%',
      '/a\\b',
      `/${'x'.repeat(9000)}`,
    ]) {
      const answer = await raw(gateway.url, `GET ${path} HTTP/1.1`, [`Host: ${new URL(gateway.url).host}`])
      assert.match(answer, /^HTTP\/1\.1 [34]/, path.slice(0, 20))
    }
    for (let i = 0; i < 30; i++)
      assert.ok((await ask(`${gateway.url}/-/enter?code=${SECRET}`)) >= 400, 'a code that nobody gave out')
  })
  assert.equal(grown, 0)
})

test('cookies, Authorization and identity fields that nobody gave out', async () => {
  const grown = await grows(async () => {
    for (const cookie of [
      `countersign_forge=${SECRET}`,
      `countersign_portal=${SECRET}`,
      `__Host-countersign_portal=${SECRET}`,
      `countersign_forge=${SECRET}; countersign_forge=${'B'.repeat(43)}`,
      'countersign_forge=',
      'i_like_gogs=0123456789abcdef; gogs_awesome=keeper',
      '=;;;="',
      `countersign_forge=${'x'.repeat(10_000)}`,
    ]) {
      for (const origin of [gateway.url, gateway.portal]) {
        const status = await ask(`${origin}/ledger`, {
          headers: { ...NAVIGATE, cookie, 'x-webauth-user': 'keeper', authorization: 'token abc' },
        })
        assert.ok(status >= 300, `${cookie.slice(0, 40)}: ${status}`)
      }
    }
  })
  assert.equal(grown, 0)
})

test('another Host, no Host, no HTTP', async () => {
  const grown = await grows(async () => {
    for (const origin of [gateway.url, gateway.portal]) {
      for (const fields of [
        ['Host: evil.example'],
        ['Host: '],
        [],
        ['Host: a', 'Host: b'],
        ['Host: x', 'Upgrade: h2c'],
      ])
        assert.match(
          await raw(origin, 'GET /keeper/hello HTTP/1.1', fields),
          /^HTTP\/1\.1 (?:3|4)/,
          fields.join(),
        )
      const { host } = new URL(origin)
      for (const [line, fields, body] of [
        ['BREW / HTTP/1.1', [], ''],
        ['GET / HTTP/9.9', [], ''],
        ['POST / HTTP/1.1', ['Content-Length: 3', 'Transfer-Encoding: chunked'], 'abc'],
        ['POST / HTTP/1.1', ['Transfer-Encoding: chunked'], 'zz\r\n'],
        ['GET / HTTP/1.1', [`X: ${'x'.repeat(100_000)}`], ''],
      ] as const)
        assert.match(await raw(origin, line, [`Host: ${host}`, ...fields], body), /^HTTP\/1\.1 [345]/, line)
      for (const bytes of [
        Buffer.from('160301020001000001fc0303', 'hex'),
        Buffer.alloc(100_000, 0xff),
        '',
        `GET / HTTP/1.1\r\nHost: ${host}\r\nX`,
        `POST /sign-in/finish HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000000000\r\n\r\n{`,
      ])
        await hangUp(origin, bytes)
    }
  })
  assert.equal(grown, 0)
})

test('git with wrong passwords, and pushes without any', async () => {
  const line = `${'0'.repeat(40)} ${ID} refs/heads/x\0report-status\n`
  const push = Buffer.concat([writePktLine(line), Buffer.from('0000'), Buffer.from('PACK\0\0\0\x02\0\0\0\0')])
  const certified = Buffer.concat([
    writePktLine('push-cert\0report-status\n'),
    writePktLine('certificate version 0.1\n'),
    writePktLine(`nonce ${SECRET}\n`),
  ])
  const grown = await grows(async () => {
    for (const password of [
      undefined,
      'keeper:wrong',
      'nobody:wrong',
      `keeper:csp_${SECRET}`,
      `:${SECRET}`,
      '\0',
    ]) {
      const headers =
        password === undefined
          ? {}
          : { authorization: `Basic ${Buffer.from(password, 'latin1').toString('base64')}` }
      for (const repo of [gateway.sample, `${gateway.url}/no/such.git`]) {
        for (const service of ['git-upload-pack', 'git-receive-pack', 'git-evil']) {
          assert.ok((await ask(`${repo}/info/refs?service=${service}`, { headers })) >= 400, service)
          for (const body of [push, certified, gzipSync(push), Buffer.alloc(1 << 20), Buffer.from('zzzz')]) {
            const type = `application/x-${service}-request`
            const status = await ask(`${repo}/${service}`, {
              method: 'POST',
              headers: {
                ...headers,
                'content-type': type,
                'content-encoding': body[0] === 0x1f ? 'gzip' : 'identity',
              },
              body,
            }).catch((error: { code?: string }) => {
              // Refused before the body was read: the connection ends under our hands.
              assert.match(`${error.code}`, /ECONNRESET|EPIPE|UND_ERR_SOCKET/)
              return 400
            })
            assert.ok(status >= 400, `${service}: ${status}`)
          }
        }
        const lfs = { ...headers, 'content-type': 'application/vnd.git-lfs+json' }
        assert.ok(
          (await ask(`${repo}/info/lfs/objects/batch`, { method: 'POST', headers: lfs, body: '{}' })) >= 400,
        )
      }
    }
  })
  assert.equal(grown, 0)
})

test('every POST of the portal without a session, from its own pages and from elsewhere', async () => {
  const grown = await grows(async () => {
    for (const path of [
      '/devices/x/rename',
      '/devices/add-passkey/finish',
      '/devices/add-ssh-key/begin',
      '/git-password/x/end',
      '/sessions/x/end',
      '/sign-out',
      '/approve/begin',
      '/approve/finish',
      '/people',
      '/nothing',
    ]) {
      for (const origin of [gateway.portal, gateway.url, 'https://evil.example', 'null']) {
        for (const [type, body] of [
          ['application/json', '{"what":"invitation","of":{"name":"x","email":"x@example.com"}}'],
          ['application/json', '{"a":1'],
          ['application/x-www-form-urlencoded', 'name=x&name=y'],
          ['text/plain', 'x'],
        ] as const) {
          const headers = { origin, 'sec-fetch-site': 'same-origin', 'content-type': type }
          const status = await ask(`${gateway.portal}${path}`, { method: 'POST', headers, body })
          assert.ok(status >= 400, `${path}: ${status}`)
        }
      }
    }
    const headers = {
      origin: gateway.portal,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
    }
    const huge = JSON.stringify({ handle: '', credential: { id: 'x'.repeat(4 << 20) } })
    const status = await ask(`${gateway.portal}/sign-in/finish`, {
      method: 'POST',
      headers,
      body: huge,
    }).catch(() => 413)
    assert.ok(status >= 400, `${status}`)
    for (const path of [
      '/',
      '/people',
      '/ledger',
      '/open?h=x',
      `/open?h=${SECRET}`,
      '/assets/x',
      '/sign-in?h=%00',
    ])
      await ask(`${gateway.portal}${path}`, { headers: NAVIGATE })
  })
  assert.equal(grown, 0)
})

test('ceremonies that are begun and never finished, or finished with anything else', async () => {
  const grown = await grows(async () => {
    for (let i = 0; i < 100; i++) {
      const stranger = new Person(gateway)
      await stranger.ask(`${gateway.portal}/sign-in`)
      const begun = await stranger.portal('/sign-in/begin', {})
      assert.equal(begun.status, 200)
      const credential =
        i % 4 === 0
          ? stranger.passkey.get(begun.json['options'])
          : [{}, { id: SECRET }, { id: 1, response: { clientDataJSON: '\0' } }][i % 3]!
      const done = await stranger.portal('/sign-in/finish', { handle: '', credential })
      assert.ok(done.status >= 400, `${done.status}`)
    }
    for (let i = 0; i < 30; i++) {
      const stranger = new Person(gateway)
      await stranger.ask(`${gateway.portal}/enrol`)
      const secret = i % 3 === 0 ? 'short' : `${i}`.padStart(43, 'A')
      assert.ok((await stranger.portal('/enrol/begin', { secret })).status >= 400)
      const credential = stranger.passkey.create({ challenge: SECRET, user: { id: SECRET } })
      const done = await stranger.portal('/enrol/finish', { secret, device: 'x', credential })
      assert.ok(done.status >= 400, `${done.status}`)
    }
  })
  assert.equal(grown, 0)
})

test('what was refused went to the log', () => {
  const log = gateway.log()
  assert.match(log, /refused a stranger/)
  assert.match(log, /refused at the portal/)
})
