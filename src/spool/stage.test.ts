import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { StagedBy, StageLimits } from './spool.ts'
import { createStage } from './stage.ts'

const root = mkdtempSync(join(tmpdir(), 'stage-'))
after(() => rmSync(root, { recursive: true, force: true }))
const LIMITS: StageLimits = {
  fileBytes: 100,
  accountBytes: 200,
  totalBytes: 300,
  filesOfAccount: 3,
  life: 60_000,
}
let count = 0
async function stage(limits: Partial<StageLimits> = {}) {
  const dir = join(root, String(count++))
  return { dir, stage: await createStage({ dir, limits: { ...LIMITS, ...limits } }) }
}
const by = (account: string, repo = 1): StagedBy => ({
  account,
  repo,
  device: `${account}-device`,
  sessions: [`${account}-session`, `${account}-parent`],
})
const bytes = (size: number, fill = 120): Buffer => Buffer.alloc(size, fill)

describe('uploaded files', () => {
  test('are kept by what they hold, for their owner and repository alone', async () => {
    const { dir, stage: it } = await stage()
    const added = await it.add(by('a'), 'x.txt', Buffer.from('hello\n'))
    assert.ok(added.ok)
    const { id, name, size, blob, sha256, file } = added.value
    assert.deepEqual([name, size, blob], ['x.txt', 6, 'ce013625030ba8dba906f756967f9e9ca394464a'])
    assert.match(sha256, /^5891b5b522d5df08/)
    assert.match(id, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    assert.equal(readFileSync(file, 'utf8'), 'hello\n')
    assert.deepEqual(it.find(by('a'), id), added.value)
    for (const other of [by('b'), by('a', 2)]) {
      assert.equal(it.find(other, id), undefined)
      await it.remove(other, id)
    }
    assert.equal(it.find(by('a'), '../x'), undefined)
    assert.ok(existsSync(file))
    await it.remove(by('a'), id)
    assert.deepEqual([it.find(by('a'), id), readdirSync(dir)], [undefined, []])
  })

  test('are bounded by size, by account and in all, whatever comes at once; what leaves makes room', async () => {
    const { dir, stage: it } = await stage()
    const reason = async (who: string, size: number): Promise<string> => {
      const added = await it.add(by(who), 'x', bytes(size))
      return added.ok ? 'ok' : added.error.reason
    }
    assert.equal(await reason('a', 101), 'too-large')
    assert.deepEqual((await Promise.all([reason('a', 100), reason('a', 100), reason('a', 1)])).sort(), [
      'ok',
      'ok',
      'rate-limited',
    ])
    assert.equal(await reason('b', 100), 'ok')
    assert.equal(await reason('b', 1), 'rate-limited')
    it.end(({ account }) => account === 'a')
    for (let i = 0; i < 3; i++) assert.equal(await reason('c', 0), 'ok')
    assert.equal(await reason('c', 0), 'rate-limited')
    assert.equal(await reason('b', 1), 'ok')
    await it.close()
    assert.deepEqual(readdirSync(dir), [])
    assert.equal(await reason('a', 100), 'ok')
  })

  test('end with the session, device or account that they came by, and with time', async () => {
    const { stage: it } = await stage({ life: 30 })
    const added = await it.add(by('a'), 'x', bytes(1))
    const other = await it.add(by('b'), 'x', bytes(1))
    assert.ok(added.ok && other.ok)
    it.end(({ sessions }) => sessions.includes('a-parent'))
    assert.equal(it.find(by('a'), added.value.id), undefined)
    assert.ok(it.find(by('b'), other.value.id))
    await new Promise((resolve) => setTimeout(resolve, 80))
    assert.equal(it.find(by('b'), other.value.id), undefined)
  })

  test('have a name that is one, and are gone after a restart', async () => {
    const { dir, stage: it } = await stage()
    for (const name of ['', '.', '..', 'a/b', 'a\\b', 'a\0', 'a\n', '\ud800', 'x'.repeat(256)])
      assert.equal((await it.add(by('a'), name, bytes(1))).ok, false, JSON.stringify(name))
    assert.ok((await it.add(by('a'), 'größe & more.txt', bytes(1))).ok)
    assert.equal(readdirSync(dir).length, 1)
    await createStage({ dir, limits: LIMITS })
    assert.deepEqual(readdirSync(dir), [])
  })
})
