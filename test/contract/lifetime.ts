import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { processIdentity } from '../../src/upstream/launch/process-identity.ts'
import type { Bench } from './bench.ts'
import { start } from './support.ts'

/** Starting, stopping, being killed. */
export function lifetimeContract(bench: Bench): void {
  it('says its name and version', () => {
    assert.match(bench.started.version, bench.kind === 'gogs' ? /^gogs [0-9]+\.[0-9]+\.[0-9]+/ : /^stand-in$/)
    assert.equal(bench.forge.name, bench.started.version)
  })

  it('keeps users, ids, repositories, refs and issues over a restart, under a new header name', async () => {
    const before = {
      repo: await bench.forge.repo('alice', 'app', 'alice'),
      refs: await bench.refs('alice/app'),
      user: await bench.forge.user('bob'),
    }
    const issue = (await bench.web.submit('alice', '/alice/app/issues/new', { title: 'kept over a restart' }))
      .location!
    const header = bench.web.headerName
    await bench.restart()
    assert.notEqual(bench.web.headerName, header)
    assert.deepEqual(
      {
        repo: await bench.forge.repo('alice', 'app', 'alice'),
        refs: await bench.refs('alice/app'),
        user: await bench.forge.user('bob'),
      },
      before,
    )
    assert.match((await bench.web.ask(issue, { as: 'alice' })).text, /kept over a restart/)
  })

  it('keeps its secrets where nobody else can read them', () => {
    const files = globSync('{instance,forge.*,*/app.ini,*/secret.key,*/state.json}', { cwd: bench.home })
    assert.ok(files.length >= 4, files.join(' '))
    for (const file of files)
      assert.deepEqual([file, statSync(join(bench.home, file)).mode & 0o077], [file, 0])
    for (const folder of ['.', bench.kind])
      assert.deepEqual([folder, statSync(join(bench.home, folder)).mode & 0o077], [folder, 0])
  })

  it('is gone when it is stopped', async () => {
    const noted = JSON.parse(readFileSync(join(bench.home, 'forge.pid'), 'utf8')) as { pid: number }
    assert.ok(processIdentity(noted.pid))
    await bench.started.stop()
    assert.equal(processIdentity(noted.pid), undefined)
    assert.equal(await bench.forge.healthy(), false)
    await assert.rejects(bench.forge.user('alice'), { code: 'unreachable' })
    await bench.restart()
  })

  it('is ended by the next start when its gateway was killed, and keeps its data', async () => {
    await bench.started.stop()
    const parent = spawn(
      process.execPath,
      [fileURLToPath(new URL('./parent.ts', import.meta.url)), bench.kind, bench.home],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string]
    const { pid, repo } = JSON.parse(line) as { pid: number; repo: number }
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    assert.ok(processIdentity(pid), 'the forge outlives its gateway')
    bench.started = await start(bench.kind, bench.home)
    for (let tries = 0; tries < 100 && processIdentity(pid); tries++) await wait(20)
    assert.equal(processIdentity(pid), undefined, 'and not the next start')
    await bench.restart()
    assert.equal((await bench.forge.repo('alice', 'orphaned', 'alice'))?.id, repo)
    assert.deepEqual(Object.keys(await bench.refs('alice/orphaned')), ['refs/heads/main'])
  })
}
