import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { inspect } from 'node:util'
import { sql } from 'kysely'
import { ed25519PrivateKey } from '../../src/core/crypto.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { verifyLedger } from '../../src/ledger/verify-ledger.ts'
import { DatabaseInUse } from '../../src/store/postgres/lock-database.ts'
import { openPostgres } from '../../src/store/postgres/open-postgres.ts'
import type { Store, Write } from '../../src/store/store.ts'
import { databaseUrl, PASSWORD, startServer } from '../support/postgres.ts'
import { eventually } from '../support/raw-http.ts'

// What a server of its own can do that a file cannot: restart, end a connection, be set up badly.

const server = await startServer()
const stores: Store[] = []
after(() => Promise.all(stores.map((store) => store.close())))

async function opened(url: string, gateway?: { onLost(why: string): void }): Promise<Store> {
  const store = await openPostgres(databaseUrl(url), gateway && { gateway })
  stores.push(store)
  return store
}
const setting = (key: string) => (write: Write) =>
  write.insertInto('setting').values({ key, value: 'x' }).execute()
const keys = async (store: Store): Promise<string[]> =>
  (await store.db.selectFrom('setting').select('key').orderBy('key').execute()).map(({ key }) => key)
const works = async (store: Store, key: string): Promise<boolean> =>
  store.transaction(setting(key)).then(
    () => true,
    () => false,
  )

test('a server that restarts: what it cut rejects and leaves nothing, the next goes on, changes() grew', async () => {
  const store = await opened(await server.createDatabase())
  await store.transaction(setting('before'))
  const seen = store.changes()
  const cut = store.transaction(async (write) => {
    await setting('cut')(write)
    await server.stop()
    await setting('cut-2')(write)
  })
  await assert.rejects(cut)
  await server.start()
  await eventually(() => works(store, 'after'), 'it writes again')
  assert.deepEqual(await keys(store), ['after', 'before'])
  assert.ok(store.changes() > seen, 'who reads looks anew after a time without a connection')
})

test('a killed server has what it said was committed', async () => {
  const store = await opened(await server.createDatabase())
  for (let i = 0; i < 20; i++) await store.transaction(setting(`kept-${i}`))
  await server.stop('immediate')
  await server.start()
  await eventually(() => works(store, 'after'), 'it writes again')
  assert.equal((await keys(store)).filter((key) => key.startsWith('kept')).length, 20)
})

test('a connection that ends in the middle of a batch: nothing of it, and the log goes on', async () => {
  const url = await server.createDatabase()
  const store = await opened(url)
  const key = ed25519PrivateKey(Buffer.alloc(32, 1))
  const ledger = openLedger({ store, key, origin: 'test.example/ledger', now: () => 1 })
  const record = { type: 'gateway.start', payload: {} } as const
  assert.ok((await ledger.append(record)).ok)
  const told = await Promise.allSettled([
    ledger.append(record),
    ledger.append(record, async (write) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(write)
      await server.admin(`select pg_terminate_backend(${rows[0]!.pid})`)
      await setting('guarded')(write)
      return undefined
    }),
    ledger.append(record),
  ])
  assert.deepEqual(
    told.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
  assert.deepEqual(await keys(store), [])
  await eventually(
    () =>
      ledger.append(record).then(
        ({ ok }) => ok,
        () => false,
      ),
    'the log goes on',
  )
  const verified = await verifyLedger(store, ledger.vkey)
  assert.ok(verified.ok && verified.value.size === 2, JSON.stringify(verified))
})

test('one gateway to a database; the lock goes with its connection, and with it every change', async () => {
  const url = await server.createDatabase()
  const why: string[] = []
  const first = await opened(url, { onLost: (text) => why.push(text) })
  await first.transaction(setting('first'))
  await assert.rejects(opened(url, { onLost: () => {} }), DatabaseInUse)
  const command = await opened(url) // the host's command line works beside it
  await command.transaction(setting('command'))
  const holder = await server.admin(
    "select pid from pg_locks where locktype = 'advisory' and objid = 2 and granted",
  )
  assert.equal(holder.length, 1)
  await server.admin(`select pg_terminate_backend(${holder[0]!['pid']})`)
  await eventually(() => why.length === 1, 'it hears that the lock is lost')
  assert.match(why[0]!, /terminating connection|ended/)
  const second = await opened(url, { onLost: () => {} })
  await second.transaction(setting('second'))
  await assert.rejects(first.transaction(setting('late')), /nothing is changed any more/)
  assert.deepEqual(await keys(first), ['command', 'first', 'second'])
})

test('who ended normally lost nothing', async () => {
  const url = await server.createDatabase()
  const why: string[] = []
  const store = await openPostgres(databaseUrl(url), { gateway: { onLost: (text) => why.push(text) } })
  await store.close()
  await (await opened(url, { onLost: () => {} })).transaction(setting('next'))
  assert.deepEqual(why, [])
})

test('reads change nothing, and numbers that JavaScript cannot hold are refused', async () => {
  const store = await opened(await server.createDatabase())
  await assert.rejects(setting('by-a-read')(store.db as unknown as Write), /read-only/)
  await assert.rejects(
    sql`select 9007199254740993::bigint as big`.execute(store.db),
    /too large: 9007199254740993/,
  )
  const { rows } = await sql`select 9007199254740991::bigint as big, count(*) as n from setting`.execute(
    store.db,
  )
  assert.deepEqual(rows, [{ big: 9007199254740991, n: 0 }])
})

test('a commit waits for the disk, whatever the database was told', async () => {
  const url = await server.createDatabase()
  await server.admin(`alter database "${new URL(url).pathname.slice(1)}" set synchronous_commit = off`)
  const store = await opened(url)
  await store.transaction(async (write) => {
    const { rows } =
      await sql`select current_setting('synchronous_commit') as c, current_setting('idle_in_transaction_session_timeout') as i, current_setting('lock_timeout') as l`.execute(
        write,
      )
    assert.deepEqual(rows, [{ c: 'on', i: '30s', l: '5s' }])
  })
})

test('a writer waits for another process no longer than with SQLite, and nothing of it remains', async () => {
  const url = await server.createDatabase()
  const [store, other] = [await opened(url), await opened(url)]
  await other.transaction(async (write) => {
    await setting('slow')(write)
    const began = Date.now()
    await assert.rejects(store.transaction(setting('waiting')), /lock timeout/)
    assert.ok(Date.now() - began > 4000)
  })
  await store.transaction(setting('next'))
  assert.deepEqual(await keys(store), ['next', 'slow'])
})

test('refused: a server without fsync, a database that is not UTF-8', async () => {
  const name = await server.admin("create database latin encoding 'SQL_ASCII' locale 'C' template template0")
  assert.deepEqual(name, [])
  const url = (await server.createDatabase()).replace(/[^/]*$/, 'latin')
  await assert.rejects(opened(url), /encoded as SQL_ASCII/)
  await server.admin("alter system set fsync = 'off'")
  await server.admin('select pg_reload_conf()')
  await eventually(
    async () => (await server.admin('show fsync'))[0]!['fsync'] === 'off',
    'the server took it',
  )
  await assert.rejects(opened(await server.createDatabase()), /fsync off/)
  await server.admin('alter system reset fsync')
  await server.admin('select pg_reload_conf()')
})

test('the password is in no error and in no dump', async () => {
  const wrong = (await server.createDatabase()).replace('swordfish', 'sw0rdfish')
  const error = await openPostgres(databaseUrl(wrong)).catch((failed: unknown) => failed)
  assert.match(String(error), /password authentication failed/)
  for (const text of [
    inspect(error, { depth: 9, showHidden: true }),
    inspect(databaseUrl(wrong), { depth: 9, showHidden: true }),
    JSON.stringify({ error, url: databaseUrl(wrong) }),
    `${databaseUrl(wrong)}`,
  ])
    assert.doesNotMatch(text, /sw0rdfish/)
  const good = await opened(await server.createDatabase())
  assert.ok(!inspect(good, { depth: 9, showHidden: true }).includes(PASSWORD))
})
