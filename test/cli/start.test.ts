import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { isAlive } from '../support/process.ts'
import { pusher } from '../support/pusher.ts'
import { eventually } from '../support/raw-http.ts'

const root = join(import.meta.dirname, '..', '..')
const started: ChildProcess[] = []
after(() => {
  for (const child of started) child.kill('SIGKILL')
})

interface Npm {
  readonly child: ChildProcess
  readonly lines: readonly string[]
  readonly ready: {
    url: string
    portal: string
    enroll: string | null
    forge: string
    sample: string
    pid: number
  }
}

/** As a person types it. */
async function npmStart(home: string): Promise<Npm> {
  const child = spawn('npm', ['start', '--silent', '--', '--home', home, '--port', '0', '--json'], {
    cwd: root,
    env: { ...process.env, COUNTERSIGN_FORGE: 'stand-in' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.push(child)
  let out = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  await eventually(() => out.includes('\n'), 'npm start prints its line')
  return { child, lines: out.split('\n').slice(0, -1), ready: JSON.parse(out) as Npm['ready'] }
}

const forgePid = (home: string): number =>
  (JSON.parse(readFileSync(join(home, 'forge', 'forge.pid'), 'utf8')) as { pid: number }).pid

describe('npm start --json', () => {
  test('one line on standard output; TERM to npm ends gateway and forge', async () => {
    const home = scratch('npm')
    const { child, lines, ready } = await npmStart(home)
    assert.equal(lines.length, 1)
    assert.deepEqual(Object.keys(ready), [
      'url',
      'portal',
      'ssh',
      'sshHostKey',
      'enroll',
      'forge',
      'sample',
      'pid',
    ])
    assert.match(ready.url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.match(ready.portal, /^http:\/\/localhost:\d+$/)
    assert.equal(ready.forge, 'stand-in')
    const forge = forgePid(home)
    child.kill('SIGTERM')
    await eventually(() => !isAlive(ready.pid) && !isAlive(forge), 'gateway and forge end')
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} twice, as a terminal and npm send it together, still ends the forge`, async () => {
      const home = scratch('npm')
      const { ready } = await npmStart(home)
      const forge = forgePid(home)
      process.kill(ready.pid, signal)
      process.kill(ready.pid, signal)
      await eventually(() => !isAlive(ready.pid), 'the gateway ends')
      assert.ok(!isAlive(forge), 'and not before its forge')
    })
  }

  test('TERM to the printed pid ends npm, gateway and forge', async () => {
    const home = scratch('npm')
    const { child, ready } = await npmStart(home)
    const forge = forgePid(home)
    process.kill(ready.pid, 'SIGTERM')
    await eventually(() => child.exitCode !== null || child.signalCode !== null, 'npm ends')
    await eventually(() => !isAlive(ready.pid) && !isAlive(forge), 'gateway and forge end')
  })
})

describe('a home', () => {
  test('survives kill -9: the next start ends the orphaned forge and keeps all data', async () => {
    const env = { COUNTERSIGN_FORGE: 'stand-in' }
    let gateway: RunningGateway = await startGateway({ env })
    const { home } = gateway
    const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
    const forge = forgePid(home)
    await gateway.kill()
    assert.ok(isAlive(forge), 'the forge is orphaned')
    gateway = await startGateway({ home, env })
    assert.ok(!isAlive(forge), 'the orphan is gone')
    assert.equal(gateway.enroll, null, 'the administrator is enrolled still')
    const refs = await keeper.git.git(
      keeper.git.home,
      'ls-remote',
      gateway.sample.replace('//', `//keeper:${keeper.password}@`),
    )
    assert.equal(refs.code, 0, refs.stderr)
    await gateway.stop()
    assert.ok(!existsSync(join(home, 'forge', 'forge.pid')) || !isAlive(forgePid(home)))
  })

  test('is used by one gateway at a time', async () => {
    const gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
    await assert.rejects(
      startGateway({ home: gateway.home, env: { COUNTERSIGN_FORGE: 'stand-in' } }),
      /another gateway is running/,
    )
    await gateway.stop()
  })

  test('whose ledger key is gone does not start, and makes no other key', async () => {
    const gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
    await gateway.stop()
    const key = join(gateway.home, 'secrets', 'ledger.key')
    rmSync(key)
    await assert.rejects(startGateway({ home: gateway.home }), /signing key of this ledger is missing/)
    assert.ok(!existsSync(key))
  })

  test('keeps its secrets to its owner', async () => {
    const gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
    const modes = await run([
      'sh',
      '-c',
      `stat -c '%a %n' ${gateway.home} ${gateway.home}/secrets/* ${gateway.home}/forge`,
    ])
    for (const line of modes.stdout.trim().split('\n')) assert.match(line, /^(?:700|600) /, line)
    await gateway.stop()
  })
})

test('options that make no sense are named, and nothing starts', async () => {
  for (const args of [['--port', 'x'], ['--port', '99999'], ['--nonsense'], ['extra']]) {
    const result = await run([join(root, 'launch'), 'start', ...args])
    assert.equal(result.code, 1)
    assert.match(result.stderr, /^countersign: /)
    assert.equal(result.stdout, '')
  }
})

test('a home whose log is gone begins no second one under the same key', async () => {
  const home = scratch('fork')
  const env = { COUNTERSIGN_FORGE: 'stand-in' }
  await (await startGateway({ home, env })).stop()
  for (const end of ['', '-wal', '-shm']) rmSync(join(home, `countersign.db${end}`), { force: true })
  await assert.rejects(startGateway({ home, env }), /has signed a log that is not in this database/)
})
