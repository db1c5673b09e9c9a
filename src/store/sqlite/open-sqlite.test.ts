import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { sql } from 'kysely'
import { openSqlite } from './open-sqlite.ts'

const dir = mkdtempSync(join(tmpdir(), 'sqlite-'))
after(() => rmSync(dir, { recursive: true, force: true }))

test('a commit is on disk when it returns, and rows obey their references', async () => {
  const store = await openSqlite(join(dir, 'pragmas.db'))
  const pragma = async (name: string): Promise<unknown> =>
    Object.values((await sql<object>`pragma ${sql.raw(name)}`.execute(store.db)).rows[0]!)[0]
  assert.equal(await pragma('journal_mode'), 'wal')
  assert.equal(await pragma('synchronous'), 2)
  assert.equal(await pragma('foreign_keys'), 1)
  assert.equal(await pragma('busy_timeout'), 5000)
  await store.close()
})
