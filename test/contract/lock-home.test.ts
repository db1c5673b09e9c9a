import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { HomeInUse, lockHome } from '../../src/store/sqlite/lock-home.ts'

const home = mkdtempSync(join(tmpdir(), 'lock-'))
after(() => rmSync(home, { recursive: true, force: true }))

/** Another process that holds the lock until it is killed. */
async function holder(): Promise<{ kill(): Promise<void> }> {
  const program = `
    import { lockHome } from ${JSON.stringify(join(import.meta.dirname, '../../src/store/sqlite/lock-home.ts'))}
    lockHome(${JSON.stringify(home)})
    process.stdout.write('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    program,
  ])
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', () => reject(new Error('the holder ended')))
  })
  return {
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

test('one gateway to a home; a killed one leaves it free', async () => {
  const other = await holder()
  assert.throws(() => lockHome(home, { patience: 0 }), HomeInUse)
  await other.kill()
  const release = lockHome(home)
  assert.throws(() => lockHome(home, { patience: 0 }), HomeInUse)
  release()
  lockHome(home, { patience: 0 })()
})

test('a home that is not there is another error than one in use', () => {
  assert.throws(
    () => lockHome(join(home, 'missing')),
    (error: unknown) => !(error instanceof HomeInUse),
  )
})
