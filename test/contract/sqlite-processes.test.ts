import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'

const dir = mkdtempSync(join(tmpdir(), 'sqlite-'))
after(() => rmSync(dir, { recursive: true, force: true }))

/** A process that opens the database and writes one setting; resolves to its exit code. */
function writer(path: string, key: string): Promise<number | null> {
  const program = `
    import { openSqlite } from ${JSON.stringify(join(import.meta.dirname, '../../src/store/sqlite/open-sqlite.ts'))}
    const store = await openSqlite(${JSON.stringify(path)})
    await store.transaction((write) => write.insertInto('setting').values({ key: '${key}', value: '' }).execute())
    await store.close()`
  const argv = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program]
  return new Promise((resolve) => {
    spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit'] }).once('exit', resolve)
  })
}

test('processes that open a database before it exists make it once, and all write', async () => {
  const path = join(dir, 'new.db')
  const codes = await Promise.all(['a', 'b', 'c'].map((key) => writer(path, key)))
  assert.deepEqual(codes, [0, 0, 0])
  const store = await openSqlite(path)
  const rows = await store.db.selectFrom('setting').select('key').orderBy('key').execute()
  assert.deepEqual(
    rows.map(({ key }) => key),
    ['a', 'b', 'c'],
  )
  await store.close()
})
