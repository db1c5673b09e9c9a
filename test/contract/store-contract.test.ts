import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { sql } from 'kysely'
import { NewerDatabase } from '../../src/store/migrations/migrate.ts'
import type { Schema } from '../../src/store/schema.ts'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import type { Store, Write } from '../../src/store/store.ts'

/** A database that does not exist yet; `open` may be called again, for a second process on it. */
interface Engine {
  readonly name: string
  fresh(): Promise<{ open(): Promise<Store>; remove(): Promise<void> }>
}

const ENGINES: readonly Engine[] = [
  {
    name: 'sqlite',
    async fresh() {
      const dir = mkdtempSync(join(tmpdir(), 'store-'))
      return {
        open: () => openSqlite(join(dir, 'x.db')),
        remove: async () => rmSync(dir, { recursive: true, force: true }),
      }
    },
  },
]

const setting = (key: string) => (write: Write) =>
  write.insertInto('setting').values({ key, value: 'x' }).execute()
const keys = async (store: Store): Promise<string[]> =>
  (await store.db.selectFrom('setting').select('key').orderBy('key').execute()).map(({ key }) => key)

const ACCOUNT: Schema['account'] = {
  id: 'a',
  name: 'Alice',
  name_folded: 'alice',
  email: 'alice@example.com',
  forge_id: 7,
  admin: 0,
  state: 'active',
  created_at: 1_764_000_000_000,
}
const DEVICE: Schema['device'] = {
  id: 'd',
  account_id: 'a',
  kind: 'ssh-sk',
  name: 'key',
  state: 'active',
  credential: 'SHA256:x',
  public_key: Buffer.from([0, 1, 255]),
  counter: 4_294_967_295,
  backup_eligible: 0,
  transports: '[]',
  enrolled_by: 'invitation:i',
  created_at: 1_764_000_000_000,
  last_used_at: null,
}

for (const engine of ENGINES) {
  describe(`store: ${engine.name}`, () => {
    let home: Awaited<ReturnType<Engine['fresh']>>
    let store: Store
    before(async () => {
      home = await engine.fresh()
      store = await home.open()
    })
    after(async () => {
      await store.close()
      await home.remove()
    })

    test('a transaction is seen whole, once it resolved', async () => {
      await store.transaction(async (write) => {
        await setting('whole-1')(write)
        await setting('whole-2')(write)
      })
      assert.deepEqual(
        (await keys(store)).filter((key) => key.startsWith('whole')),
        ['whole-1', 'whole-2'],
      )
    })

    test('nothing of a transaction that throws, and the next one works', async () => {
      await assert.rejects(
        store.transaction(async (write) => {
          await setting('half')(write)
          throw new Error('stop')
        }),
        /^Error: stop$/,
      )
      await store.transaction(setting('after-half'))
      assert.deepEqual(
        (await keys(store)).filter((key) => key.includes('half')),
        ['after-half'],
      )
    })

    test('a failed statement ends its transaction, not the store', async () => {
      await assert.rejects(
        store.transaction(async (write) => {
          await setting('twice')(write)
          await setting('twice')(write)
        }),
      )
      assert.ok(!(await keys(store)).includes('twice'))
    })

    test('transactions run one after the other', async () => {
      await store.db.insertInto('setting').values({ key: 'count', value: '0' }).execute()
      await Promise.all(
        Array.from({ length: 20 }, () =>
          store.transaction(async (write) => {
            const row = await write
              .selectFrom('setting')
              .select('value')
              .where('key', '=', 'count')
              .executeTakeFirstOrThrow()
            await Promise.resolve()
            await write
              .updateTable('setting')
              .set({ value: `${Number(row.value) + 1}` })
              .where('key', '=', 'count')
              .execute()
          }),
        ),
      )
      const row = await store.db
        .selectFrom('setting')
        .select('value')
        .where('key', '=', 'count')
        .executeTakeFirstOrThrow()
      assert.equal(row.value, '20')
    })

    test('another process: what it commits is seen, and changes() grows by it alone', async () => {
      const other = await home.open()
      const quiet = store.changes()
      await store.transaction(setting('own'))
      assert.equal(store.changes(), quiet)
      await other.transaction(setting('others'))
      assert.ok(store.changes() > quiet)
      assert.ok((await keys(store)).includes('others'))
      await other.close()
    })

    test('what is on disk is there after closing', async () => {
      await store.transaction(setting('kept'))
      await store.close()
      store = await home.open()
      assert.ok((await keys(store)).includes('kept'))
    })

    test('values come back as they were: bytes, large numbers, nulls, text outside ASCII', async () => {
      await store.db
        .insertInto('account')
        .values({ ...ACCOUNT, name: 'Größe \u{1f511}' })
        .execute()
      await store.db.insertInto('device').values(DEVICE).execute()
      const device = await store.db.selectFrom('device').selectAll().executeTakeFirstOrThrow()
      assert.deepEqual({ ...device, public_key: Buffer.from(device.public_key) }, DEVICE)
      const account = await store.db.selectFrom('account').selectAll().executeTakeFirstOrThrow()
      assert.deepEqual({ ...account }, { ...ACCOUNT, name: 'Größe \u{1f511}' })
    })

    test('an insert that meets what is there says so', async () => {
      const insert = () =>
        store.db
          .insertInto('used_nonce')
          .values({ nonce: 'n', forget_at: 0 })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
      assert.equal((await insert()).numInsertedOrUpdatedRows, 1n)
      assert.equal((await insert()).numInsertedOrUpdatedRows, 0n)
    })

    const refused: readonly [string, (write: Write) => Promise<unknown>][] = [
      [
        'a name twice, folded',
        (w) =>
          w
            .insertInto('account')
            .values({ ...ACCOUNT, id: 'b', forge_id: 8 })
            .execute(),
      ],
      [
        'a forge user twice',
        (w) =>
          w
            .insertInto('account')
            .values({ ...ACCOUNT, id: 'b', name_folded: 'b' })
            .execute(),
      ],
      [
        'a credential twice',
        (w) =>
          w
            .insertInto('device')
            .values({ ...DEVICE, id: 'e' })
            .execute(),
      ],
      [
        'a device of nobody',
        (w) =>
          w
            .insertInto('device')
            .values({ ...DEVICE, id: 'e', credential: 'y', account_id: 'z' })
            .execute(),
      ],
      [
        'an unknown state',
        (w) =>
          w
            .updateTable('device')
            .set({ state: 'lost' as 'active' })
            .execute(),
      ],
      ['a flag that is neither 0 nor 1', (w) => w.updateTable('account').set({ admin: 2 }).execute()],
      [
        'text where a number belongs',
        (w) =>
          w
            .updateTable('account')
            .set({ created_at: 'x' as unknown as number })
            .execute(),
      ],
      [
        'text where bytes belong',
        (w) =>
          w
            .updateTable('device')
            .set({ public_key: 'x' as unknown as Uint8Array })
            .execute(),
      ],
      ['an account with devices removed', (w) => w.deleteFrom('account').where('id', '=', 'a').execute()],
    ]
    for (const [name, write] of refused)
      test(`refused: ${name}`, () => assert.rejects(store.transaction(write), /constraint|datatype|store/i))

    test('a forge session ends with the portal session it hangs on', async () => {
      const session: Schema['session'] = {
        id: 'p',
        secret_hash: 'p',
        door: 'portal',
        parent_id: null,
        account_id: 'a',
        device_id: 'd',
        user_agent: '',
        created_at: 0,
        last_seen_at: 0,
        expires_at: 0,
        uv: 1,
      }
      await store.db.insertInto('session').values(session).execute()
      await store.db
        .insertInto('session')
        .values({ ...session, id: 'f', secret_hash: 'f', door: 'forge', parent_id: 'p' })
        .execute()
      await store.db.deleteFrom('session').where('id', '=', 'p').execute()
      assert.equal(await store.db.selectFrom('session').select('id').executeTakeFirst(), undefined)
    })

    test('a database of a later release is not touched', async () => {
      const later = await engine.fresh()
      const first = await later.open()
      await sql`insert into migration (number) values (999)`.execute(first.db)
      await first.close()
      await assert.rejects(later.open(), NewerDatabase)
      await later.remove()
    })
  })
}
