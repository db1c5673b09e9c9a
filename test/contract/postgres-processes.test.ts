import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { openPostgres } from '../../src/store/postgres/open-postgres.ts'
import { databaseUrl, sharedServer } from '../support/postgres.ts'

const SRC = join(import.meta.dirname, '../../src')

/** A process that opens the database and writes one setting; resolves to its exit code. */
function writer(url: string, key: string): Promise<number | null> {
  const program = `
    import { parseDatabaseUrl } from ${JSON.stringify(join(SRC, 'core/database-url.ts'))}
    import { openPostgres } from ${JSON.stringify(join(SRC, 'store/postgres/open-postgres.ts'))}
    const store = await openPostgres(parseDatabaseUrl(process.env.DATABASE).value)
    await store.transaction((write) => write.insertInto('setting').values({ key: '${key}', value: '' }).execute())
    await store.close()`
  const argv = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program]
  return new Promise((resolve) => {
    spawn(process.execPath, argv, {
      env: { ...process.env, DATABASE: url },
      stdio: ['ignore', 'ignore', 'inherit'],
    }).once('exit', resolve)
  })
}

test('processes that open a database before it has tables make them once, and all write', async () => {
  const url = await (await sharedServer()).createDatabase()
  const codes = await Promise.all(['a', 'b', 'c'].map((key) => writer(url, key)))
  assert.deepEqual(codes, [0, 0, 0])
  const store = await openPostgres(databaseUrl(url))
  const rows = await store.db.selectFrom('setting').select('key').orderBy('key').execute()
  assert.deepEqual(
    rows.map(({ key }) => key),
    ['a', 'b', 'c'],
  )
  await store.close()
})
