import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { forges } from '../support/forges.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { answerBy, submit } from '../support/held-push.ts'
import { ledgerEntries } from '../support/ledger-entries.ts'
import { type Answer, NAVIGATE, type Person } from '../support/person.ts'
import { enrolledPerson, inviteLink } from '../support/pusher.ts'

const cli = join(import.meta.dirname, '..', '..', 'countersign')

for (const forge of forges()) {
  describe(`changes of the forge, in front of ${forge.name}`, () => {
    let gateway: RunningGateway
    let keeper: Person
    let bob: Person
    const bobName = `bob${forge.name.length}`

    before(async () => {
      gateway = await startGateway({ env: forge.env })
      keeper = await enrolledPerson(gateway, gateway.enroll!)
      await keeper.openForge('/')
      bob = await enrolledPerson(gateway, await inviteLink(keeper, bobName))
      await bob.openForge('/')
    })
    after(() => gateway.stop())

    const repo = (): string => new URL(gateway.sample).pathname.replace(/\.git$/, '')
    const entries = (type: string): Promise<Record<string, any>[]> => ledgerEntries(gateway.home, type)

    /** A form of a forge page, as a browser sends it. */
    function send(
      who: Person,
      path: string,
      fields: Record<string, string> | string,
      headers: Record<string, string> = {},
    ): Promise<Answer> {
      return who.ask(`${gateway.url}${path}`, {
        method: 'POST',
        body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
        headers: {
          ...NAVIGATE,
          'content-type': 'application/x-www-form-urlencoded',
          origin: gateway.url,
          referer: `${gateway.url}${path}`,
          'sec-fetch-site': 'same-origin',
          ...headers,
        },
      })
    }
    /** The id of what was parked, from the page that leads to the portal. */
    function parkedId(answer: Answer): string {
      assert.equal(answer.status, 409, answer.text.slice(0, 400))
      const found = new RegExp(`^0; url=${gateway.portal}/c/([A-Za-z0-9_-]{43})$`).exec(
        String(answer.headers['refresh']),
      )
      assert.ok(found, String(answer.headers['refresh']))
      return found[1]!
    }
    async function confirm(
      who: Person,
      id: string,
      touch: { flags?: number } = {},
    ): Promise<{ status: number; json: Record<string, any> }> {
      await who.ask(`${gateway.portal}/c/${id}`)
      const begun = await who.portal(`/c/${id}/begin`, {})
      if (begun.status !== 200) return begun
      const credential = answerBy(who.passkey, begun.json['options'], touch.flags)
      return who.portal(`/c/${id}/approve`, { id: begun.json['id'], credential })
    }
    const page = async (who: Person, path: string): Promise<string> =>
      (await who.ask(`${gateway.url}${path}`, { headers: NAVIGATE })).text

    test('a collaborator is added after one page and one touch, and with nothing but what was signed', async () => {
      const path = `${repo()}/settings/collaboration`
      const id = parkedId(await send(keeper, path, { _csrf: 'stale', collaborator: bobName }))
      assert.doesNotMatch(await page(keeper, path), new RegExp(`>${bobName}<|/${bobName}"`))
      const shown = await keeper.ask(`${gateway.portal}/c/${id}`)
      assert.match(shown.text, new RegExp(`Give ${bobName} write access to keeper/hello`))
      const done = await confirm(keeper, id)
      assert.equal(done.status, 200, JSON.stringify(done.json))
      assert.equal(done.json['next'], `${gateway.url}${path}`)
      assert.match(await page(keeper, path), new RegExp(bobName))
      const intent = (await entries('intent')).at(-1)!
      assert.equal(intent['action'], 'repo.collaborator.add')
      const { forgeId } = (await entries('account.create')).at(-1)!['account']
      assert.deepEqual(intent['change'].fields, [
        ['person', bobName],
        ['given-to', String(forgeId)],
      ])
      assert.equal(intent['proof'].shown, 'fields')
      assert.equal(intent['proof'].bound, 'action')
      assert.match(
        Buffer.from(intent['statement'].text, 'base64').toString(),
        new RegExp(
          `action repo\\.collaborator\\.add\\nrepo keeper/hello forge-id \\d+\\nfield person ${bobName}\\n`,
        ),
      )
      assert.equal((await entries('outcome')).at(-1)!['result'], 'accepted')
    })

    test('the evidence of a change verifies offline', async () => {
      const dir = scratch('change-evidence')
      const file = (name: string): string => join(dir, name)
      const index = await lastIndexOf(gateway.home, 'intent')
      writeFileSync(file('trust.json'), (await run([cli, 'ledger', 'trust', '--home', gateway.home])).stdout)
      const exported = await run([
        cli,
        'evidence',
        'export',
        String(index),
        '--home',
        gateway.home,
        '-o',
        file('bundle.json'),
      ])
      assert.equal(exported.code, 0, exported.stderr)
      const verified = await run([cli, 'verify', file('bundle.json'), '--trust', file('trust.json')])
      assert.equal(verified.code, 0, verified.stdout + verified.stderr)
      assert.match(verified.stdout, /repo\.collaborator\.add/)
    })

    // The stand-in has no pages of organisations.
    if (forge.name === 'real Gogs')
      test('an organisation is made, and a member added to it by its id', async () => {
        const made = parkedId(await send(keeper, '/org/create', { org_name: 'acme' }))
        assert.equal((await confirm(keeper, made)).json['next'], `${gateway.url}/org/acme/dashboard`)
        const path = '/org/acme/invitations/new'
        const id = parkedId(await send(keeper, path, { uname: bobName }))
        const done = await confirm(keeper, id)
        assert.equal(done.status, 200, JSON.stringify(done.json))
        assert.match(await page(keeper, '/org/acme/members'), new RegExp(`/${bobName}"`))
        const intent = (await entries('intent')).at(-1)!
        assert.equal(intent['action'], 'org.member.add')
        assert.match(
          Buffer.from(intent['statement'].text, 'base64').toString(),
          new RegExp(`action org\\.member\\.add\\norg acme forge-id \\d+\\nfield person ${bobName}\\n`),
        )
        // A person is no organisation, and what is not there looks the same.
        for (const name of [bobName, 'nobody']) {
          const answer = await send(keeper, `/org/${name}/invitations/new`, { uname: bobName })
          assert.equal(answer.status, 404)
        }
        // A member is no owner: the forge judges that, and its answer is on record.
        const denied = await confirm(bob, parkedId(await send(bob, path, { uname: 'keeper' })))
        assert.equal(denied.status, 502, JSON.stringify(denied.json))
        assert.equal((await entries('outcome')).at(-1)!['result'], 'rejected')
      })

    test('a webhook: its secret is in no statement, ledger or log, and reaches the forge', async () => {
      const path = `${repo()}/settings/hooks/gogs/new`
      const secret = 'a-webhook-secret-4711'
      const id = parkedId(
        await send(keeper, path, {
          payload_url: 'https://93.184.215.14/hook',
          content_type: '1',
          secret,
          events: 'push_only',
        }),
      )
      const shown = await keeper.ask(`${gateway.portal}/c/${id}`)
      assert.match(shown.text, /93\.184\.215\.14/)
      assert.ok(!shown.text.includes(secret))
      assert.equal((await confirm(keeper, id)).status, 200)
      const hooks = await page(keeper, `${repo()}/settings/hooks`)
      assert.match(hooks, /93\.184\.215\.14/)
      const dump = JSON.stringify(await entries('intent'))
      assert.ok(!dump.includes(secret) && !gateway.log().includes(secret))
    })

    test('critical: not without PIN; refused by its person; a second confirmation; another account’s', async () => {
      const path = `${repo()}/settings`
      const fields = { action: 'update', repo_name: 'hello', description: 'changed', website: '' }
      const bare = parkedId(await send(keeper, path, fields))
      const unverified = await confirm(keeper, bare, { flags: 1 })
      assert.notEqual(unverified.status, 200)
      const dropped = parkedId(await send(keeper, path, fields))
      await submit(keeper, `/c/${dropped}/refuse`, {})
      assert.notEqual((await confirm(keeper, dropped)).status, 200)
      const foreign = await confirm(bob, parkedId(await send(keeper, path, fields)))
      assert.equal(foreign.status, 404)
      const id = parkedId(await send(keeper, path, fields))
      await keeper.ask(`${gateway.portal}/c/${id}`)
      const tabs = await Promise.all([1, 2].map(() => keeper.portal(`/c/${id}/begin`, {})))
      const answers = await Promise.all(
        tabs.map(({ json }) =>
          keeper.portal(`/c/${id}/approve`, {
            id: json['id'],
            credential: answerBy(keeper.passkey, json['options']),
          }),
        ),
      )
      assert.equal(answers.filter(({ status }) => status === 200).length, 1)
      assert.match(await page(keeper, path), /changed/)
    })

    test('the confirmation of one change sent for another', async () => {
      const path = `${repo()}/settings/collaboration`
      const a = parkedId(await send(keeper, path, { collaborator: 'keeper' }))
      const b = parkedId(await send(keeper, path, { collaborator: bobName }))
      const begun = await keeper.portal(`/c/${a}/begin`, {})
      const other = await keeper.portal(`/c/${b}/begin`, {})
      const credential = answerBy(keeper.passkey, begun.json['options'])
      for (const id of [begun.json['id'], other.json['id']])
        assert.notEqual((await keeper.portal(`/c/${b}/approve`, { id, credential })).status, 200)
    })

    test('a script of a page hears 409 and where to go on', async () => {
      const answer = await send(
        keeper,
        `${repo()}/settings/collaboration`,
        { collaborator: bobName },
        { 'sec-fetch-mode': 'cors', accept: '*/*' },
      )
      assert.equal(answer.status, 409)
      assert.match(String(answer.headers['content-type']), /application\/problem\+json/)
      const problem = JSON.parse(answer.text) as { type: string; pending: string }
      assert.equal(problem.type, 'urn:countersign:proof-needed')
      assert.match(problem.pending, new RegExp(`^${gateway.portal}/c/[A-Za-z0-9_-]{43}$`))
    })

    test('refused, with nothing parked: unknown, doubled or misplaced fields, other encodings, other pages', async () => {
      const path = `${repo()}/settings/collaboration`
      const waiting = async (): Promise<number> =>
        (await keeper.ask(`${gateway.portal}/pending`)).text.match(/href="\/c\//g)?.length ?? 0
      const before = await waiting()
      const cases: readonly [string, number, ReturnType<typeof send>][] = [
        ['an unknown field', 400, send(keeper, path, { collaborator: bobName, admin: 'on' })],
        ['a field twice', 400, send(keeper, path, `collaborator=${bobName}&collaborator=keeper`)],
        [
          'the query and the body',
          400,
          send(keeper, `${path}?collaborator=keeper`, { collaborator: bobName }),
        ],
        [
          'JSON',
          400,
          send(keeper, path, JSON.stringify({ collaborator: bobName }), {
            'content-type': 'application/json',
          }),
        ],
        [
          'another site',
          403,
          send(
            keeper,
            path,
            { collaborator: bobName },
            { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
          ),
        ],
        ['too long', 413, send(keeper, path, { collaborator: 'x'.repeat((1 << 20) + 1) })],
        ['NUL', 400, send(keeper, path, 'collaborator=a%00b')],
        ['no such action', 400, send(keeper, `${repo()}/settings`, { action: 'explode' })],
      ]
      for (const [name, status, sent] of cases) {
        const answer = await sent
        assert.ok(
          answer.status === status || (status === 400 && answer.status === 404),
          `${name}: ${answer.status} ${answer.text.slice(0, 200)}`,
        )
        assert.equal(answer.headers['refresh'], undefined, name)
      }
      assert.equal(await waiting(), before)
    })

    test('a form without a length that goes on and on: refused, and the client hears why', async () => {
      const { request } = await import('node:http')
      const cookie = `countersign_forge=${keeper.cookie(gateway.url, 'countersign_forge')}`
      const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
        const req = request(`${gateway.url}${repo()}/settings/collaboration`, {
          method: 'POST',
          headers: {
            ...NAVIGATE,
            cookie,
            'content-type': 'application/x-www-form-urlencoded',
            origin: gateway.url,
            'sec-fetch-site': 'same-origin',
          },
        })
        req.on('error', reject)
        req.on('response', (res) => {
          let text = ''
          res.setEncoding('utf8').on('data', (more: string) => {
            text += more
          })
          res.on('end', () => resolve({ status: res.statusCode!, text }))
        })
        for (let i = 0; i < 40; i++) req.write('x'.repeat(1 << 16))
        req.end()
      })
      assert.equal(answer.status, 413)
      assert.match(answer.text, /larger than 1 MiB/)
    })

    test('what the forge does not take is told, and recorded as rejected', async () => {
      const id = parkedId(
        await send(keeper, `${repo()}/settings/collaboration`, { collaborator: 'nobody-of-this-name' }),
      )
      const done = await confirm(keeper, id)
      assert.equal(done.status, 502, JSON.stringify(done.json))
      assert.equal((await entries('outcome')).at(-1)!['result'], 'rejected')
    })

    test('somebody without the right is not helped by a touch', async () => {
      const answer = await send(bob, `${repo()}/settings/collaboration`, { collaborator: bobName })
      assert.equal((await confirm(bob, parkedId(answer))).status, 502)
      assert.equal((await entries('outcome')).at(-1)!['result'], 'rejected')
      assert.equal((await entries('intent')).at(-1)!['actor'].name, bobName)
    })

    test('never: git hooks, passwords, tokens and keys of the forge; nor what would move refs unseen', async () => {
      for (const path of [
        `${repo()}/settings/hooks/git/pre-receive`,
        '/user/settings/password',
        '/user/settings/applications',
        '/user/settings/ssh',
        `${repo()}/settings/keys`,
      ]) {
        const answer = await send(keeper, path, { content: 'x', name: 'x' })
        assert.equal(answer.status, 403, path)
        assert.equal(answer.headers['refresh'], undefined, path)
      }
    })

    test('policy decides: two that forbid, one that lets the session do', async () => {
      mkdirSync(join(gateway.home, 'policy'), { recursive: true })
      const loads = (await entries('policy.load')).length
      writeFileSync(
        join(gateway.home, 'policy', 'hooks.cedar'),
        '@id("no webhooks") forbid (principal, action == Action::"repo.webhook.create", resource);\n',
      )
      while ((await entries('policy.load')).length === loads)
        await new Promise((resolve) => setTimeout(resolve, 50))
      const denied = await send(keeper, `${repo()}/settings/hooks/gogs/new`, {
        payload_url: 'https://ci.example.com/',
        content_type: '1',
        events: 'push_only',
      })
      assert.equal(denied.status, 403)
      assert.match(denied.text, /no webhooks/)
    })

    test('a session that ends takes its parked changes with it', async () => {
      const id = parkedId(await send(bob, '/user/settings', { name: bobName, full_name: 'Bob' }))
      await submit(bob, '/sign-out', {})
      await bob.signIn()
      assert.match((await bob.ask(`${gateway.portal}/c/${id}`)).text, /Its access ended/)
      assert.notEqual((await confirm(bob, id)).status, 200)
    })
  })
}

async function lastIndexOf(home: string, type: string): Promise<number> {
  const { openSqlite } = await import('../../src/store/sqlite/open-sqlite.ts')
  const store = await openSqlite(join(home, 'countersign.db'))
  const row = await store.db
    .selectFrom('ledger_entry')
    .select('idx')
    .where('type', '=', type)
    .orderBy('idx', 'desc')
    .executeTakeFirstOrThrow()
  await store.close()
  return row.idx
}
