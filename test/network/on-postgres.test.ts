import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { forges } from '../support/forges.ts'
import { scratch, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { ledgerEntries, storeOf } from '../support/ledger-entries.ts'
import type { Person } from '../support/person.ts'
import { PASSWORD, sharedServer } from '../support/postgres.ts'
import { enrolledPerson, gitPassword } from '../support/pusher.ts'
import { eventually } from '../support/raw-http.ts'
import { advertised, certifiedBody, certify, post, ZERO } from '../support/raw-push.ts'
import { RepoBed } from '../support/repo-bed.ts'

process.setMaxListeners(0) // every gateway and server is ended at the exit
const cli = join(import.meta.dirname, '..', '..', 'countersign')

// The whole gateway on a PostgreSQL: what it promises of a crash, it promises here.
for (const forge of forges()) {
  describe(`records in PostgreSQL, in front of ${forge.name}`, () => {
    const home = scratch('postgres-home')
    let bed: RepoBed
    let url: string

    before(async () => {
      url = await (await sharedServer()).createDatabase()
      writeFileSync(join(home, 'countersign.yaml'), `database: ${JSON.stringify(url)}\nlog: debug\n`)
      bed = new RepoBed(forge.env, home)
      await bed.start()
    })
    after(() => bed.gateway.stop())

    const verified = async (): Promise<string> => {
      const { code, stdout, stderr } = await run([cli, 'ledger', 'verify', '--home', home])
      assert.equal(code, 0, stderr)
      return stdout
    }
    const openIntents = async (): Promise<number> => {
      const store = await storeOf(home)
      const open = await store.db.selectFrom('intent').select('id').where('state', '=', 'open').execute()
      await store.close()
      return open.length
    }

    test('a certified push, a change on a page, and the log verifies', async () => {
      const id = await bed.advance('main')
      assert.equal(await bed.tip('main'), id)
      assert.equal((await bed.last('outcome'))['result'], 'accepted')
      await bed.change('/org/create', { org_name: 'acme' })
      assert.equal((await bed.last('intent'))['verb'] ?? (await bed.last('intent'))['action'], 'org.create')
      assert.match(await verified(), /entries verify/)
    })

    test('kill -9 between intent and outcome: settled at the next start, from the same database', async () => {
      const { keeper } = bed
      const who = { user: 'keeper', password: keeper.password }
      const main = (await bed.tip('main'))!
      const { nonce } = await advertised(bed.gateway.sample, who)
      const body = certifiedBody(
        certify(keeper.key, {
          nonce: nonce!,
          pushee: `${bed.gateway.sample}/`,
          updates: [{ before: ZERO, after: main, ref: 'refs/heads/crash' }],
        }),
      )
      const halted = Readable.from(
        (async function* () {
          yield body.subarray(0, -8)
          await wait(60_000, undefined, { ref: false })
        })(),
      )
      const pending = post(bed.gateway.sample, who, halted as never).catch(() => undefined)
      await eventually(async () => (await openIntents()) === 1, 'the intent is on record')
      await bed.restart()
      await pending
      assert.equal(await openIntents(), 0)
      const outcome = await bed.last('outcome')
      assert.equal(outcome['settledBy'], 'start')
      assert.equal(outcome['result'], (await bed.tip('crash')) ? 'accepted' : 'rejected')
      assert.match((await post(bed.gateway.sample, who, body)).text, /was used before/)
      await verified()
    })

    test('the host disables somebody, and the gateway sees it', async () => {
      const invited = await run([cli, 'admin', 'invite', 'bob', 'bob@example.com', '--home', home])
      assert.equal(invited.code, 0, invited.stderr)
      let bob: Person | undefined
      await eventually(async () => {
        bob = await enrolledPerson(bed.gateway, invited.stdout.trim()).catch(() => undefined)
        return bob !== undefined
      }, 'the gateway hears of the link')
      const password = await gitPassword(bob!)
      const status = async (): Promise<number> =>
        (await advertised(bed.gateway.sample, { user: 'bob', password })).status
      assert.equal(await status(), 404, 'bob may not see it, but is somebody')
      const disabled = await run([cli, 'admin', 'disable', 'bob', '--home', home])
      assert.equal(disabled.code, 0, disabled.stderr)
      await eventually(async () => (await status()) === 401, 'bob is out')
    })

    test('another home on the same database starts nothing', async () => {
      const other = scratch('other-home')
      writeFileSync(join(other, 'countersign.yaml'), `database: ${JSON.stringify(url)}\n`)
      await assert.rejects(
        startGateway({ home: other, env: forge.env }),
        /another gateway is running on this database/,
      )
      const asked = await run([cli, 'admin', 'people', '--home', other])
      assert.equal(asked.code, 2)
      assert.match(asked.stderr, /signing key of this ledger is missing/)
    })

    test('a gateway whose lock is gone ends, and says why; the next one goes on', async () => {
      const server = await sharedServer()
      const [holder] = await server.admin(
        "select pid from pg_locks where locktype = 'advisory' and objid = 2 and granted",
      )
      const ended = once(bed.gateway.child, 'exit')
      await server.admin(`select pg_terminate_backend(${holder!['pid']})`)
      assert.deepEqual(await ended, [1, null])
      assert.match(bed.gateway.log(), /lost its database: terminating connection/)
      await bed.restart()
      const id = await bed.advance('main')
      assert.equal(await bed.tip('main'), id)
      await verified()
    })

    test('the password is in no log, no entry and no file but countersign.yaml', async () => {
      const secret = encodeURIComponent(PASSWORD)
      for (const shown of [bed.gateway.log(), readFileSync(join(home, 'records-in-postgres'), 'utf8')])
        for (const text of [PASSWORD, secret]) assert.ok(!shown.includes(text))
      const starts = JSON.stringify(await ledgerEntries(home, 'gateway.start'))
      assert.ok(!starts.includes('swordfish'))
    })

    test('a home does not change its database by a line of its file', async () => {
      await bed.gateway.stop()
      const text = readFileSync(join(home, 'countersign.yaml'), 'utf8')
      writeFileSync(join(home, 'countersign.yaml'), 'log: info\n')
      await assert.rejects(startGateway({ home, env: forge.env }), /are in PostgreSQL: put `database:` back/)
      const file = scratch('file-home')
      const first = await startGateway({ home: file, env: forge.env })
      await first.stop()
      writeFileSync(join(file, 'countersign.yaml'), text)
      await assert.rejects(startGateway({ home: file, env: forge.env }), /does not move them there/)
      const foreign = scratch('foreign-home')
      await run(['sh', '-c', `cp -r '${file}/secrets' '${foreign}/'`])
      writeFileSync(join(foreign, 'countersign.yaml'), text)
      await assert.rejects(startGateway({ home: foreign, env: forge.env }), /signed by another key/)
      writeFileSync(join(home, 'countersign.yaml'), text)
      bed.gateway = await startGateway({ home, env: forge.env })
    })
  })
}
