import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { NewerDatabase } from '../../src/store/migrations/migrate.ts'
import type { Schema } from '../../src/store/schema.ts'
import type { Store, Write } from '../../src/store/store.ts'
import { ENGINES, type Fresh } from '../support/engines.ts'
import { eventually } from '../support/raw-http.ts'

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
    let home: Fresh
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

    test('a failed statement that `work` overlooks is never half of what is on disk', async () => {
      const worked = await store
        .transaction(async (write) => {
          await setting('overlooked-1')(write)
          await setting('overlooked-1')(write).catch(() => {})
          await setting('overlooked-2')(write).catch(() => {})
        })
        .then(
          () => ['overlooked-1', 'overlooked-2'],
          () => [],
        )
      assert.deepEqual(
        (await keys(store)).filter((key) => key.startsWith('overlooked')),
        worked,
      )
    })

    test('a savepoint undoes a failed statement, and the rest stays', async () => {
      await store.transaction(async (write) => {
        await setting('saved-1')(write)
        await sql`savepoint here`.execute(write)
        await assert.rejects(setting('saved-1')(write))
        await sql`rollback to here`.execute(write)
        await sql`release here`.execute(write)
        await setting('saved-2')(write)
      })
      assert.deepEqual(
        (await keys(store)).filter((key) => key.startsWith('saved')),
        ['saved-1', 'saved-2'],
      )
    })

    test('text is ordered by its bytes, and compared as it is', async () => {
      const words = [
        'order-B',
        'order-a',
        'order-Z',
        'order-é',
        'order-_',
        'order-~',
        'order-\u{1f511}',
        'order-\uff21',
      ]
      for (const key of words) await store.transaction(setting(key))
      const bytes = words.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      assert.deepEqual(
        (await keys(store)).filter((key) => key.startsWith('order-')),
        bytes,
      )
      const found = await store.db.selectFrom('setting').select('key').where('key', '=', 'ORDER-B').execute()
      assert.deepEqual(found, [])
    })

    test('two processes write at once, and nothing gets lost', async () => {
      const other = await home.open()
      await store.transaction((write) =>
        write.insertInto('setting').values({ key: 'both', value: '0' }).execute(),
      )
      const add = (at: Store) =>
        at.transaction(async (write) => {
          const row = await write
            .selectFrom('setting')
            .select('value')
            .where('key', '=', 'both')
            .executeTakeFirstOrThrow()
          await write
            .updateTable('setting')
            .set({ value: `${Number(row.value) + 1}` })
            .where('key', '=', 'both')
            .execute()
        })
      // SQLite blocks this thread while it waits for the other, so one of each at a time.
      for (let i = 0; i < 10; i++)
        await (engine.name === 'sqlite' ? add(i % 2 ? store : other) : Promise.all([add(store), add(other)]))
      const row = await store.db
        .selectFrom('setting')
        .select('value')
        .where('key', '=', 'both')
        .executeTakeFirstOrThrow()
      assert.equal(row.value, engine.name === 'sqlite' ? '10' : '20')
      await other.close()
    })

    test('transactions run one after the other', async () => {
      await store.transaction((write) =>
        write.insertInto('setting').values({ key: 'count', value: '0' }).execute(),
      )
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
      await other.transaction(setting('before'))
      await eventually(() => store.changes() > 1, 'the first is heard of')
      await wait(100)
      const quiet = store.changes()
      await store.transaction(setting('own'))
      await wait(100)
      assert.equal(store.changes(), quiet)
      await other.transaction(setting('others'))
      await eventually(() => store.changes() > quiet, 'the change is heard of')
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
      await store.transaction(async (write) => {
        await write
          .insertInto('account')
          .values({ ...ACCOUNT, name: 'Größe \u{1f511}' })
          .execute()
        await write.insertInto('device').values(DEVICE).execute()
      })
      const device = await store.db.selectFrom('device').selectAll().executeTakeFirstOrThrow()
      assert.deepEqual({ ...device, public_key: Buffer.from(device.public_key) }, DEVICE)
      const account = await store.db.selectFrom('account').selectAll().executeTakeFirstOrThrow()
      assert.deepEqual({ ...account }, { ...ACCOUNT, name: 'Größe \u{1f511}' })
    })

    test('an insert that meets what is there says so', async () => {
      const insert = () =>
        store.transaction((write) =>
          write
            .insertInto('used_nonce')
            .values({ nonce: 'n', forget_at: 0 })
            .onConflict((conflict) => conflict.doNothing())
            .executeTakeFirst(),
        )
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
      test(`refused: ${name}`, () =>
        assert.rejects(store.transaction(write), /constraint|datatype|store|is of type/i))

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
      await store.transaction(async (write) => {
        await write.insertInto('session').values(session).execute()
        await write
          .insertInto('session')
          .values({ ...session, id: 'f', secret_hash: 'f', door: 'forge', parent_id: 'p' })
          .execute()
        await write.deleteFrom('session').where('id', '=', 'p').execute()
      })
      assert.equal(await store.db.selectFrom('session').select('id').executeTakeFirst(), undefined)
    })

    test('a database of a later release is not touched', async () => {
      const later = await engine.fresh()
      const first = await later.open()
      await first.transaction((write) => sql`insert into migration (number) values (999)`.execute(write))
      await first.close()
      await assert.rejects(later.open(), NewerDatabase)
      await later.remove()
    })
  })
}
