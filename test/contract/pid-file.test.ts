import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { endGroup, endOrphan, writePidFile } from '../../src/upstream/launch/pid-file.ts'
import { type ProcessIdentity, processIdentity } from '../../src/upstream/launch/process-identity.ts'

async function sleeper(
  t: TestContext,
  script = '',
): Promise<{ child: ChildProcess; identity: ProcessIdentity; file: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'cs-pid-'))
  const child = spawn(process.execPath, ['-e', `${script}console.log(1);setInterval(()=>0,1000)`], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.after(() => {
    child.kill('SIGKILL')
    rmSync(dir, { recursive: true })
  })
  await once(child.stdout, 'data')
  const identity = processIdentity(child.pid!)
  assert.ok(identity)
  return { child, identity, file: join(dir, 'forge.pid') }
}

test('ends the process that was written down, by TERM', async (t) => {
  const { child, identity, file } = await sleeper(t)
  writePidFile(file, identity)
  const [ended, [, signal]] = await Promise.all([endOrphan(file), once(child, 'exit')])
  assert.deepEqual([ended, signal, existsSync(file)], [true, 'SIGTERM', false])
  assert.equal(processIdentity(child.pid!), undefined)
})

test('ends one that ignores TERM by KILL', async (t) => {
  const { child, identity } = await sleeper(t, 'process.on("SIGTERM",()=>0);')
  const [, [, signal]] = await Promise.all([endGroup(identity, 100), once(child, 'exit')])
  assert.equal(signal, 'SIGKILL')
})

test('leaves alone what has the pid but not the start time, or not the command line', async (t) => {
  const { child, identity, file } = await sleeper(t)
  for (const other of [
    { ...identity, started: '1' },
    { ...identity, command: 'gogs web' },
  ]) {
    writePidFile(file, other)
    assert.equal(await endOrphan(file), false)
  }
  assert.deepEqual(processIdentity(child.pid!), identity)
})

test('takes a file that is missing, torn or silly for none', async (t) => {
  const { file } = await sleeper(t)
  assert.equal(await endOrphan(file), false)
  for (const text of [
    '',
    '{"pid":',
    'null',
    '[]',
    '{"pid":1,"started":"x","command":"y"}',
    '{"pid":-1,"started":"x","command":"y"}',
    '{"pid":"2","started":"x","command":"y"}',
  ]) {
    writeFileSync(file, text)
    assert.equal(await endOrphan(file), false, text)
    assert.equal(existsSync(file), false)
  }
})

test('knows itself, and nobody at a pid that is free', () => {
  assert.equal(processIdentity(process.pid)?.pid, process.pid)
  assert.equal(processIdentity(2 ** 22 + 1), undefined)
})
