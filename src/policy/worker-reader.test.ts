import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWorkerReader } from './worker-reader.ts'

/** A worker of a few words in place of ours. */
function program(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`)
}
const sources = [
  { file: 'a.cedar', text: '' },
  { file: 'b.cedar', text: '' },
]
const IMPORT = "import { parentPort, workerData } from 'node:worker_threads';"
const REACHED = 'Atomics.store(workerData, 0, 2); Atomics.store(workerData, 1, 7);'
const onCall = (code: string): URL => program(`${IMPORT} parentPort.on('message', () => { ${code} })`)

describe('reading costs a worker and nothing else', () => {
  test('one that never answers is ended, and the place it reached is named', async () => {
    const reader = openWorkerReader({ patience: 500, program: onCall(`${REACHED} for (;;);`) })
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    await assert.rejects(reader.parse(sources), {
      code: 'bad-policy',
      message: 'b.cedar:7: not read within 0.5 s',
    })
    clearInterval(ticking)
    assert.ok(ticks > 10, 'this thread went on')
    await assert.rejects(reader.validate('', []), { message: 'policy:1: not read within 0.5 s' })
    await reader.close()
  })
  test('one that was given up runs no longer, before anybody closes it', async (t) => {
    const channel = new BroadcastChannel('beats')
    t.after(() => channel.close())
    let beats = 0
    channel.onmessage = () => beats++
    const reader = openWorkerReader({
      patience: 300,
      program: onCall(
        "const beats = new BroadcastChannel('beats'); setInterval(() => beats.postMessage(1), 5);",
      ),
    })
    await assert.rejects(reader.parse(sources), { message: /not read within/ })
    await sleep(100) // what was on its way
    const before = beats
    assert.ok(before > 0)
    await sleep(100)
    assert.equal(beats, before)
    await reader.close()
  })
  test('one that fills its heap', async () => {
    const reader = openWorkerReader({
      program: onCall(`${REACHED} const all = []; for (;;) all.push(new Array(1e5).fill(0.5));`),
    })
    await assert.rejects(reader.parse(sources), { message: 'b.cedar:7: takes too much memory to read' })
    await reader.close()
  })
  test('one that ends, fails, or ended before it was asked', async () => {
    for (const [code, why] of [
      ['process.exit()', 'the reader of policies ended'],
      ["throw new Error('x')", 'the reader of policies failed'],
    ] as const) {
      const reader = openWorkerReader({ program: onCall(code) })
      await assert.rejects(reader.parse(sources), { message: `policy:1: ${why}` })
      await assert.rejects(reader.parse(sources), { message: `policy:1: ${why}` })
      await reader.close()
    }
  })
  test('a worker is told nothing of the environment, and has little memory', async (t) => {
    process.env['COUNTERSIGN_TEST_SECRET'] = 'x'
    t.after(() => delete process.env['COUNTERSIGN_TEST_SECRET'])
    const reader = openWorkerReader({
      program: program(
        `import { parentPort, resourceLimits } from 'node:worker_threads';
         const value = [Object.keys(process.env), resourceLimits.maxOldGenerationSizeMb];
         parentPort.on('message', () => parentPort.postMessage({ ok: true, value }))`,
      ),
    })
    const [names, memory] = (await reader.parse(sources)) as unknown as [string[], number]
    assert.deepEqual(
      names.filter((name) => name !== 'NODE_COMPILE_CACHE'),
      [],
    )
    assert.equal(memory, 128)
    await reader.close()
  })
  test('text that would take longer than the limit is not waited for', async () => {
    const deep = `permit (principal, action, resource) when { ${'('.repeat(60)}true${')'.repeat(60)} };\n`
    const reader = openWorkerReader({ patience: 1 })
    await assert.rejects(reader.parse([{ file: 'x.cedar', text: deep.repeat(1000) }]), {
      code: 'bad-policy',
      message: /^(?:x\.cedar:\d+|policy:1): not read within/,
    })
    await reader.close()
  })
})
