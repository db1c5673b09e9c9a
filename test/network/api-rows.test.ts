import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { Pool, request } from 'undici'
import { groupOf, type Verb } from '../../src/core/action/verbs.ts'
import { canonicalUrl } from '../../src/core/canonical-url.ts'
import { newToken } from '../../src/core/token-text.ts'
import type { FlowContext } from '../../src/flow/context.ts'
import { createApiDoor } from '../../src/front/http/api-door.ts'
import { gogsRoute } from '../../src/upstream/gogs/route.ts'
import { ROUTES } from '../../src/upstream/gogs/routes.ts'
import { ROWS } from '../contract/route-rows.ts'
import { alice, passkey } from '../support/policy-bed.ts'

// Every address of the programming interface as a real request to the door, past a forge that records what reaches it. The forge's
// own answers say nothing here; what counts is whether it was asked, and with what.

interface Reached {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const REPO = { id: 3, owner: 'acme', name: 'app', private: true }
const WIDE = newToken()
const READS = newToken()
const ELSEWHERE = newToken()
const SCOPES = {
  [WIDE]: { may: ['change', 'read', 'ride'], repos: null },
  [READS]: { may: ['read'], repos: null },
  [ELSEWHERE]: { may: ['change', 'read', 'ride'], repos: [{ id: 4, owner: 'acme', name: 'other' }] },
} as const

describe('every address of the interface', () => {
  const reached: Reached[] = []
  let changes = 0
  let parked = 0
  let noted = 0
  let enforced = true
  let answer: { status: number; headers: Record<string, string>; body: string }
  const upstream = createServer((req, res) => {
    let body = ''
    req.setEncoding('utf8').on('data', (more: string) => (body += more))
    req.on('end', () => {
      reached.push({ line: `${req.method} ${req.url}`, headers: req.headers, body })
      res.writeHead(answer.status, answer.headers).end(req.method === 'HEAD' ? undefined : answer.body)
    })
  })
  const front = createServer((req, res) => {
    const url = canonicalUrl(req.url ?? '')
    if (url.ok) door.handle(req, res, url.value)
    else res.writeHead(400).end()
  })
  let pool: Pool
  let door: ReturnType<typeof createApiDoor>
  let base: string

  const fine: typeof answer = { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }
  const person = (secret: string) => {
    const scope = Object.hasOwn(SCOPES, secret) ? SCOPES[secret as keyof typeof SCOPES] : undefined
    const token = { id: secret.slice(0, 9), account: alice.id, device: passkey.id, name: 'x', scope }
    return (
      scope && {
        token,
        principal: {
          account: alice,
          device: passkey,
          via: 'token',
          credential: token.id,
          provenAt: 0,
          uv: false,
        },
      }
    )
  }
  before(async () => {
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
    pool = new Pool(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`)
    const known = { ...REPO, permissions: { admin: true, push: true, pull: true } }
    const ctx = {
      identity: {
        byToken: (secret: string) => person(secret),
        account: () => alice,
        device: () => passkey,
        activeDevices: () => [passkey],
        apiTokens: () => Object.keys(SCOPES).map((secret) => ({ id: secret.slice(0, 9) })),
      },
      policy: {
        digest: 'sha256:x',
        allowsRead: () => true,
        decide: ({ action, proof }: { action: { verb: Verb }; proof: { bound: string } }) =>
          groupOf(action.verb) === 'ride' || proof.bound === 'action'
            ? { kind: 'allow', policies: ['p'] }
            : { kind: 'challenge', policies: ['p'], why: 'w', want: {} },
      },
      names: {
        holds: () => true,
        ask: async (account: unknown) => ({ ok: true, value: account }),
        forget() {},
      },
      repos: { remembered: () => undefined, find: async () => known },
      forge: {
        route: gogsRoute,
        known: () => true,
        apiAuthorization: async () => 'token OF-THE-FORGE',
        dropGitAuthorization() {},
        user: async (name: string) => ({ id: 7, name, email: '' }),
        org: async (name: string) => ({ id: 8, name }),
        collaborates: async () => false,
        file: async () => ({ branch: 'main', exists: false }),
        change: async () => {
          changes++
          if (!enforced) return { status: 302, accepted: true, next: null, said: null }
          throw new Error('nothing was proven')
        },
      },
      ledger: { append: async () => ({ ok: true, value: { index: 1, time: 0 } }) },
      parked: {
        park: () => {
          parked++
          return { ok: true, value: { id: 'P' } }
        },
      },
      credentialLimiter: { mayTry: () => true, failed() {} },
      refusalLimiter: { mayTry: () => false, failed() {} },
      running: new Set(),
      settleSoon() {},
      askLife: () => 60_000,
      reportOnly: () => !enforced,
      wouldBe: { note: async () => void noted++ },
      portalOrigin: 'https://id.example.com',
      forgeOrigin: 'https://git.example.com',
      log: { info() {}, warn() {}, error: (...said: unknown[]) => console.error(...said) },
      now: Date.now,
    } as unknown as FlowContext
    door = createApiDoor({ ctx, pool, streams: { track() {} } })
  })
  after(async () => {
    await pool.destroy()
    for (const server of [front, upstream]) {
      server.closeAllConnections()
      server.close()
    }
  })

  const concrete = (pattern: string): string =>
    pattern
      .split('/')
      .map((word) =>
        /^:(?:owner|username|org|orgname)$/.test(word)
          ? 'acme'
          : /^:(?:repo|reponame)$/.test(word)
            ? 'app'
            : /^:(?:person|target|collaborator)$/.test(word)
              ? 'bob'
              : word === ':sha'
                ? '0123456'
                : word.replace(/^:.+$/, '7').replace(/^\*$/, 'main'),
      )
      .join('/')
  /** Every address in the forge's own table and in ours, by every method that it has. */
  const lines = [
    ...new Set(
      [
        ...ROWS.filter(({ pattern }) => pattern.startsWith('/api/')),
        ...ROUTES.map(([method, pattern]) => ({ method, pattern })),
      ]
        .filter(({ pattern }) => pattern.startsWith('/api/'))
        .flatMap(({ method, pattern }) =>
          (method === 'ANY'
            ? ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
            : method === 'GET'
              ? ['GET', 'HEAD']
              : [method]
          ).map((each) => `${each} ${concrete(pattern)}`),
        ),
    ),
  ]

  async function send(
    line: string,
    headers: Record<string, string>,
    more: { json?: boolean; path?: (path: string) => string } = {},
  ): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
    const [method, path] = line.split(' ') as [string, string]
    const {
      statusCode,
      headers: heard,
      body,
    } = await request(base + (more.path?.(path) ?? path), {
      method: method as 'GET',
      headers: { ...headers, ...(more.json && { 'content-type': 'application/json' }) },
      ...(more.json && { body: '{}' }),
    })
    return { status: statusCode, headers: heard, text: await body.text() }
  }
  const bearing = (secret: string): Record<string, string> => ({ authorization: `token ${secret}` })
  const SPOOFED = {
    cookie: 'countersign_forge=x; countersign_portal=y; i_like_gogs=z; gogs_awesome=w',
    'x-webauth-user': 'root',
    'x-forwarded-user': 'root',
    'x-forwarded-for': '127.0.0.1',
    'x-real-ip': '127.0.0.1',
    'x-http-method-override': 'DELETE',
    'x-csrf-token': 'x',
    origin: 'https://git.example.com',
    'sec-fetch-site': 'same-origin',
  }

  test('the table is whole', () => {
    assert.ok(lines.length > 120, `${lines.length}`)
  })

  test('without a token nothing reaches the forge, whatever else comes along', async () => {
    for (const line of lines)
      for (const headers of [{}, SPOOFED, { authorization: 'Basic cm9vdDpyb290' }, bearing(newToken())]) {
        const { status } = await send(line, headers)
        assert.equal(status, 401, line)
      }
    assert.deepEqual(reached, [])
    assert.equal(parked + changes, 0)
  })

  test('with a token of everything: reads and rides reach it as they are, changes wait, the rest is refused', async () => {
    answer = fine
    const count = { forwarded: 0, waiting: 0, refused: 0 }
    for (const line of lines) {
      const [method, path] = line.split(' ') as [string, string]
      const route = gogsRoute(method, path, '')
      const takesBody = route.kind === 'api' && route.takesBody
      const before = reached.length
      const waitedBefore = parked
      const { status, text } = await send(line, { ...SPOOFED, ...bearing(WIDE) }, { json: takesBody })
      const came = reached.slice(before)
      if (came.length > 0) {
        count.forwarded++
        assert.equal(status, 200, line)
        assert.ok(route.kind === 'api', line)
        assert.deepEqual(came.length, 1)
        const { line: got, headers, body } = came[0]!
        assert.equal(got, line)
        assert.equal(headers.authorization, 'token OF-THE-FORGE')
        const allowed = new Set([
          'host',
          'connection',
          'authorization',
          'accept',
          'user-agent',
          'content-type',
          'content-length',
        ])
        for (const name of Object.keys(headers)) assert.ok(allowed.has(name), `${line}: ${name}`)
        assert.equal(body, takesBody ? '{}' : '')
        const verbs = route.verbs.map(groupOf)
        assert.ok(verbs.includes('read') || verbs.includes('ride'), line)
      } else if (parked > waitedBefore) {
        count.waiting++
        assert.equal(status, 409, line)
        assert.match(text, /"pending":"https:\/\/id\.example\.com\/c\/P"/)
      } else {
        count.refused++
        assert.ok([400, 403, 404].includes(status), `${line}: ${status} ${text}`)
        if (method !== 'HEAD') assert.match(text, /"title":"[A-Z]/)
      }
    }
    assert.equal(changes, 0)
    assert.ok(count.forwarded > 60 && count.waiting > 5 && count.refused > 30, JSON.stringify(count))
    for (const forbidden of [/\/tokens$/, /\/keys(?:\/7)?$/, /\/hooks/, /mirror-sync/, /\/admin\//])
      assert.ok(!reached.some(({ line }) => forbidden.test(line)), String(forbidden))
  })

  test('a token that reads moves nothing; one for another repository sees none of this one', async () => {
    answer = fine
    reached.length = 0
    parked = 0
    for (const line of lines) {
      const [method, path] = line.split(' ') as [string, string]
      const route = gogsRoute(method, path, '')
      const json = route.kind === 'api' && route.takesBody
      await send(line, bearing(READS), { json })
      const elsewhere = await send(line, bearing(ELSEWHERE), { json })
      if (path.startsWith('/api/v1/repos/acme/app') && route.kind === 'api')
        assert.equal(elsewhere.status, 404, line)
    }
    assert.ok(reached.every(({ line }) => /^(?:GET|HEAD) /.test(line)))
    assert.ok(reached.length > 30)
    assert.equal(parked, 0)
    reached.length = 0
    for (const line of lines) await send(line, bearing(ELSEWHERE))
    assert.deepEqual(reached, [])
  })

  test('where nothing is enforced yet, a change goes through and is noted; the scope holds all the same', async () => {
    enforced = false
    changes = noted = 0
    for (const secret of [READS, ELSEWHERE])
      assert.ok([403, 404].includes((await send('DELETE /api/v1/repos/acme/app', bearing(secret))).status))
    assert.equal(changes, 0)
    assert.equal((await send('DELETE /api/v1/repos/acme/app', bearing(WIDE))).status, 204)
    assert.deepEqual([changes, noted], [1, 1])
    enforced = true
  })

  test('what the forge says goes no further than it should', async () => {
    const from = async (given: Partial<typeof fine>) => {
      answer = { ...fine, ...given }
      return send('GET /api/v1/user', bearing(WIDE))
    }
    const all = await from({
      headers: {
        'content-type': 'application/json',
        'set-cookie': 'i_like_gogs=secret',
        'www-authenticate': 'Basic realm="."',
        'access-control-allow-origin': '*',
        'x-frame-options': 'x',
        link: '<https://git.example.com/api/v1/user?page=2>; rel="next"',
        server: 'x',
      },
    })
    assert.equal(all.status, 200)
    assert.equal(all.headers['link'], '<https://git.example.com/api/v1/user?page=2>; rel="next"')
    for (const name of [
      'set-cookie',
      'www-authenticate',
      'access-control-allow-origin',
      'server',
      'location',
    ])
      assert.equal(all.headers[name], undefined, name)
    for (const link of ['<https://evil.example/>; rel="next"', '<//evil.example/>; rel="next"', 'nothing'])
      assert.equal((await from({ headers: { link } })).headers['link'], undefined)
    const page = await from({ headers: { 'content-type': 'text/html' }, body: '<script>alert(1)</script>' })
    assert.equal(page.status, 502)
    assert.equal(page.headers['content-type'], 'text/plain; charset=utf-8')
    const away = await from({ status: 302, headers: { location: 'https://evil.example/' } })
    assert.equal(away.status, 502)
    assert.equal(away.headers['location'], undefined)
    assert.equal((await from({ status: 401 })).status, 502)
    for (const status of [204, 404, 422, 500]) assert.equal((await from({ status, body: '' })).status, status)
  })

  test('a body that comes too slowly is refused, and the connection ends', async () => {
    const { readJson } = await import('../../src/front/http/read-json.ts')
    const { Readable } = await import('node:stream')
    const drip = Readable.from(
      (async function* () {
        yield Buffer.from('{"title":')
        await new Promise((resolve) => setTimeout(resolve, 1000).unref())
      })(),
    )
    const slow = Object.assign(drip, { headers: { 'content-type': 'application/json' } })
    const read = await readJson(slow as unknown as IncomingMessage, 20)
    assert.ok(!read.ok)
    assert.match(read.error.say, /half a minute/)
  })
})
