import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parseCheckpoint } from '../../src/core/ledger/checkpoint.ts'
import { parseEntry } from '../../src/core/ledger/entry.ts'
import { parseNote, parseVkey, signedBy } from '../../src/core/ledger/note.ts'
import { parseEntries, widthIn, writeTileName } from '../../src/core/ledger/tile.ts'
import { leafHash, nodeHash, rootHash } from '../../src/core/merkle/tree.ts'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { enrolledPerson } from '../support/pusher.ts'

const GO = join(import.meta.dirname, '..', 'support', 'go-tiles')

/** Whether Go is here, new enough for the program and able to fetch what it imports. */
function goProgram(): string | undefined {
  const program = join(scratch('go-tiles'), 'tiles')
  try {
    execFileSync('go', ['build', '-o', program, '.'], { cwd: GO, stdio: 'pipe', timeout: 120_000 })
    return program
  } catch {
    return undefined
  }
}

describe('the log by its tiles, for strangers', () => {
  let gateway: RunningGateway
  let older: string

  before(async () => {
    gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
    older = (await get('checkpoint')).text
    const keeper = await enrolledPerson(gateway, gateway.enroll!)
    // Enough entries for a whole tile and one level more.
    for (let i = 0; i < 280; i++) {
      const made = await keeper.approve('git-password', {})
      assert.ok(made)
    }
  })
  after(() => gateway.stop())

  async function get(
    path: string,
  ): Promise<{ status: number; text: string; bytes: Buffer; headers: Headers }> {
    const answer = await fetch(`${gateway.portal}/ledger/${path}`)
    const bytes = Buffer.from(await answer.arrayBuffer())
    return { status: answer.status, text: bytes.toString('utf8'), bytes, headers: answer.headers }
  }

  /** The checkpoint, under the key that is served beside it. */
  async function head(): Promise<{ size: number; root: Uint8Array }> {
    const verifier = parseVkey((await get('vkey')).text.trim())
    assert.ok(verifier.ok)
    const note = parseNote((await get('checkpoint')).text)
    assert.ok(note.ok && signedBy(note.value, verifier.value))
    const checkpoint = parseCheckpoint(note.value.text)
    assert.ok(checkpoint.ok && checkpoint.value.origin === verifier.value.name)
    return checkpoint.value
  }

  test('entries hash to the tiles, and the tiles to the signed root', async () => {
    const { size, root } = await head()
    assert.ok(size > 256, `${size}`)
    const nodes = new Map<string, Uint8Array>()
    for (let index = 0; index * 256 < size; index++) {
      const width = widthIn(size, { level: 0, index })
      const bundle = parseEntries((await get(`tile/${writeTileName({ level: null, index, width })}`)).bytes)
      const tile = (await get(`tile/${writeTileName({ level: 0, index, width })}`)).bytes
      assert.ok(bundle.ok && bundle.value.length === width && tile.length === width * 32)
      for (const [at, entry] of bundle.value.entries()) {
        assert.ok(parseEntry(entry).ok)
        assert.deepEqual(leafHash(entry), tile.subarray(at * 32, at * 32 + 32))
        nodes.set(`0/${index * 256 + at}`, tile.subarray(at * 32, at * 32 + 32))
      }
    }
    const at = (level: number, index: number): Uint8Array =>
      nodes.get(`${level}/${index}`) ?? nodeHash(at(level - 1, 2 * index), at(level - 1, 2 * index + 1))
    assert.deepEqual(Buffer.from(rootHash(size, at)), Buffer.from(root))
    const above = await get('tile/1/000.p/1')
    assert.deepEqual(above.bytes, Buffer.from(at(8, 0)))
  })

  test('what is served never changes, and a partial tile is the beginning of the whole one', async () => {
    const [whole, part] = [await get('tile/0/000'), await get('tile/0/000.p/7')]
    assert.deepEqual(part.bytes, whole.bytes.subarray(0, 7 * 32))
    assert.equal(whole.headers.get('cache-control'), 'public, max-age=31536000, immutable')
    assert.equal(whole.headers.get('content-type'), 'application/octet-stream')
    assert.equal(whole.headers.get('set-cookie'), null)
    assert.equal((await get('checkpoint')).headers.get('cache-control'), 'no-cache')
  })

  test('what is not there, or has another spelling, is not found; nothing of a payload is served', async () => {
    const { size } = await head()
    for (const path of [
      'tile/0/001',
      `tile/0/001.p/${size - 256 + 1}`,
      'tile/0/999',
      'tile/2/000.p/1',
      'tile/0/0',
      'tile/0/000.p/256',
      'tile/0/000.p/0',
      'tile/8/0/000',
      'tile/data/000',
      'tile/entries/x000/000',
      'tile/',
      'tile',
      'entries/000',
    ])
      assert.equal((await get(path)).status === 200, false, path)
    const bundles = [await get('tile/entries/000'), await get(`tile/entries/001.p/${size - 256}`)]
    const store = await openSqlite(join(gateway.home, 'countersign.db'))
    const rows = await store.db.selectFrom('ledger_entry').select(['salt', 'payload']).execute()
    await store.close()
    const served = Buffer.concat(bundles.map(({ bytes }) => bytes))
    for (const { salt, payload } of rows) {
      assert.equal(served.includes(Buffer.from(salt!)), false)
      assert.equal(served.includes(Buffer.from(payload!)), false)
    }
    assert.equal(served.includes('keeper'), false)
  })

  test('nobody who asks makes the log grow', async () => {
    const before = (await head()).size
    for (let i = 0; i < 20; i++) await get('tile/0/999')
    assert.equal((await head()).size, before)
  })

  const program = goProgram()
  test("Go's own packages read it: root, inclusion of every entry, consistency with an older checkpoint", {
    skip: program === undefined && 'no go of 1.24 or later, or no network for its module',
  }, async () => {
    const file = join(scratch('older'), 'checkpoint')
    writeFileSync(file, older)
    const key = (await get('vkey')).text.trim()
    const read = await run([program!, `${gateway.portal}/ledger`, key, file])
    assert.equal(read.code, 0, read.stderr)
    assert.match(read.stdout, /^\d+ entries of .*\n\d+ of them were there before\n$/)
    const other = key.replace(/\+[0-9a-f]{8}\+/, '+00000000+')
    assert.notEqual((await run([program!, `${gateway.portal}/ledger`, other])).code, 0)
  })
})
