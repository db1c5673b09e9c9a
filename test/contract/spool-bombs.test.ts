import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createDeflate, deflateSync } from 'node:zlib'
import type { Landing } from '../../src/core/git/landing.ts'
import type { Refusal } from '../../src/core/refusal.ts'
import { Bed, chunks, never, ZERO } from './spool-bed.ts'

// Packs that are small and ask for much. Each ends in time, within the limits of a process, with a refusal or with a landing
// that says what it lacks; the gateway's own memory does not grow with them.

const MiB = 1 << 20
const COMMIT = 1
const TREE = 2
const BLOB = 3
const OFS_DELTA = 6

/** gitformat-pack: type and size, four bits and then seven at a time. */
function entryHead(type: number, size: number): Buffer {
  const bytes: number[] = []
  let left = Math.floor(size / 16)
  let byte = (type << 4) | (size % 16)
  while (left > 0) {
    bytes.push(byte | 0x80)
    byte = left % 128
    left = Math.floor(left / 128)
  }
  return Buffer.from([...bytes, byte])
}

/** How far back the base of an offset delta is. */
function offset(distance: number): Buffer {
  const bytes = [distance % 128]
  for (let left = Math.floor(distance / 128); left > 0; left = Math.floor(left / 128)) {
    left--
    bytes.unshift((left % 128) | 0x80)
  }
  return Buffer.from(bytes)
}

const varint = (size: number): number[] =>
  size < 128 ? [size] : [(size % 128) | 0x80, ...varint(Math.floor(size / 128))]

/** A delta that repeats the first `span` bytes of its base. */
function repeat(base: number, span: number, times: number): Buffer {
  const copy = Buffer.from([0x80 | 0x70, span & 255, (span >> 8) & 255, (span >> 16) & 255])
  return Buffer.concat([
    Buffer.from([...varint(base), ...varint(span * times)]),
    ...Array.from({ length: times }, () => copy),
  ])
}

class PackWriter {
  readonly #parts: Buffer[] = []
  #size = 12
  #count = 0

  /** An object as it is; gives its place. */
  add(type: number, bytes: Buffer): number {
    return this.stored(entryHead(type, bytes.length), deflateSync(bytes))
  }

  delta(base: number, delta: Buffer): number {
    return this.stored(
      Buffer.concat([entryHead(OFS_DELTA, delta.length), offset(this.#size - base)]),
      deflateSync(delta),
    )
  }

  stored(head: Buffer, deflated: Buffer): number {
    const at = this.#size
    this.#parts.push(head, deflated)
    this.#size += head.length + deflated.length
    this.#count++
    return at
  }

  pack(): Buffer {
    const head = Buffer.alloc(12)
    head.write('PACK')
    head.writeUInt32BE(2, 4)
    head.writeUInt32BE(this.#count, 8)
    const bytes = Buffer.concat([head, ...this.#parts])
    return Buffer.concat([bytes, createHash('sha1').update(bytes).digest()])
  }
}

const idOf = (type: string, bytes: Buffer): string =>
  createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex')
const entry = (mode: string, name: string, id: string): Buffer =>
  Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')])

/** So many zero bytes, deflated and named, without having them all. */
async function zeros(size: number): Promise<{ deflated: Buffer; id: string }> {
  const part = Buffer.alloc(MiB)
  const hash = createHash('sha1').update(`blob ${size}\0`)
  const deflate = createDeflate({ level: 9 })
  const out: Buffer[] = []
  deflate.on('data', (chunk: Buffer) => out.push(chunk))
  for (let left = size; left > 0; left -= part.length) {
    hash.update(part)
    await new Promise<void>((resolve) => void deflate.write(part, () => resolve()))
  }
  await new Promise<void>((resolve) => {
    deflate.on('end', resolve)
    deflate.end()
  })
  return { deflated: Buffer.concat(out), id: hash.digest('hex') }
}

describe('bombs', () => {
  const bed = new Bed()
  let base: string
  before(async () => {
    base = bed.commit('base', (dir) => writeFileSync(join(dir, 'a.txt'), 'a\n'))
    bed.git('push', '-q', 'origin', 'main')
    await bed.open({ processBytes: 192 * MiB, processSeconds: 30, lookMs: 3000, patchMs: 1000 })
  })
  after(() => bed.end())

  const commitOf = (tree: string, message = 'bomb\n', parents = `parent ${base}\n`): Buffer =>
    Buffer.from(`tree ${tree}\n${parents}author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\n${message}`)

  interface Outcome {
    refused: Refusal | undefined
    landing: Landing | undefined
    patched: number
    grew: number
  }
  async function send(pack: Buffer, tip: string): Promise<Outcome> {
    const resting = process.memoryUsage.rss()
    let peak = resting
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss())
    }, 20)
    const push = bed.push([{ before: base, after: tip, ref: 'refs/heads/main' }])
    assert.ok((await push.receive(chunks(pack), never)).ok)
    const refused = await push.index(never)
    const landing = refused ? undefined : await push.look(never)
    const patched = refused ? 0 : (await push.patch(0, MiB)).files.length
    await push.dispose()
    clearInterval(watch)
    assert.deepEqual(bed.quarantines(), [])
    return { refused, landing, patched, grew: Math.round((peak - resting) / MiB) }
  }

  test('a file of 256 MiB of nothing, in a pack of 256 KiB', async () => {
    const { deflated, id } = await zeros(256 * MiB)
    const pack = new PackWriter()
    const tree = entry('100644', 'zeros', id)
    const commit = commitOf(idOf('tree', tree))
    pack.stored(entryHead(BLOB, 256 * MiB), deflated)
    pack.add(TREE, tree)
    pack.add(COMMIT, commit)
    const bytes = pack.pack()
    assert.ok(bytes.length < 0.3 * MiB)
    const { refused, landing, grew } = await send(bytes, idOf('commit', commit))
    assert.equal(refused, undefined)
    const added = landing!.refs[0]!.files?.files.find(({ path }) => path === 'zeros')
    assert.equal(added?.added, null, 'it counts as binary')
    assert.ok(grew < 30, `${grew} MiB`)
  })
  test('a delta that makes 1 GiB of 16 MiB', async () => {
    const { deflated } = await zeros(15 * MiB)
    const pack = new PackWriter()
    const at = pack.stored(entryHead(BLOB, 15 * MiB), deflated)
    pack.delta(at, repeat(15 * MiB, 15 * MiB, 69))
    const { refused, grew } = await send(pack.pack(), 'f'.repeat(40))
    assert.equal(refused?.say, 'git took too long to read the pack.')
    assert.ok(grew < 30, `${grew} MiB`)
  })
  test('chains of deltas as deep as git makes them', async () => {
    const pack = new PackWriter()
    let bytes = Buffer.alloc(20_000, 'x')
    let at = pack.add(BLOB, bytes)
    for (let i = 0; i < 4095; i++) {
      const next = Buffer.from(`${i}`.padStart(8, '0'))
      const delta = Buffer.concat([
        Buffer.from([...varint(bytes.length), ...varint(bytes.length), 8]),
        next,
        Buffer.from([0x80 | 0x01 | 0x30, 8, (bytes.length - 8) & 255, (bytes.length - 8) >> 8]),
      ])
      bytes = Buffer.concat([next, bytes.subarray(8)])
      at = pack.delta(at, delta)
    }
    const tree = entry('100644', 'deep', idOf('blob', bytes))
    const commit = commitOf(idOf('tree', tree))
    pack.add(TREE, tree)
    pack.add(COMMIT, commit)
    const { refused, landing } = await send(pack.pack(), idOf('commit', commit))
    assert.equal(refused, undefined)
    assert.equal(landing!.shown, 'diff')
  })
  test('a folder with 100 000 files', async () => {
    const pack = new PackWriter()
    const blob = Buffer.from('x')
    pack.add(BLOB, blob)
    const tree = Buffer.concat(
      Array.from({ length: 100_000 }, (_, i) =>
        entry('100644', `f${String(i).padStart(6, '0')}`, idOf('blob', blob)),
      ),
    )
    const commit = commitOf(idOf('tree', tree))
    pack.add(TREE, tree)
    pack.add(COMMIT, commit)
    const { refused, landing, grew } = await send(pack.pack(), idOf('commit', commit))
    assert.equal(refused, undefined)
    const [ref] = landing!.refs
    assert.ok(ref!.files === null || ref!.files.total === 100_001)
    assert.notEqual(landing!.shown, 'diff')
    assert.ok(grew < 40, `${grew} MiB`)
  })
  test('a folder whose list of names takes 100 MB', async () => {
    const pack = new PackWriter()
    const blob = Buffer.from('x')
    pack.add(BLOB, blob)
    const tree = Buffer.concat(
      Array.from({ length: 100 }, (_, i) =>
        entry('100644', `${String(i).padStart(3, '0')}${'n'.repeat(MiB)}`, idOf('blob', blob)),
      ),
    )
    const commit = commitOf(idOf('tree', tree))
    pack.add(TREE, tree)
    pack.add(COMMIT, commit)
    const { refused, landing, grew } = await send(pack.pack(), idOf('commit', commit))
    if (!refused) {
      const files = landing!.refs[0]!.files
      assert.ok(files === null || files.files.every(({ path }) => path.length <= 4097))
    }
    assert.ok(grew < 40, `${grew} MiB`)
  })
  test('folders in folders, 20 000 deep', async () => {
    const pack = new PackWriter()
    const blob = Buffer.from('x')
    pack.add(BLOB, blob)
    let tree = entry('100644', 'x', idOf('blob', blob))
    for (let i = 0; i < 20_000; i++) {
      pack.add(TREE, tree)
      tree = entry('40000', 'd', idOf('tree', tree))
    }
    pack.add(TREE, tree)
    const commit = commitOf(idOf('tree', tree))
    pack.add(COMMIT, commit)
    const { refused, landing } = await send(pack.pack(), idOf('commit', commit))
    assert.equal(refused, undefined)
    assert.equal(landing!.refs[0]!.gains.total, 1)
  })
  test('folders that share folders: 2^40 files in forty objects', async () => {
    const pack = new PackWriter()
    const blob = Buffer.from('x')
    pack.add(BLOB, blob)
    let tree = Buffer.concat([
      entry('100644', 'a', idOf('blob', blob)),
      entry('100644', 'b', idOf('blob', blob)),
    ])
    for (let i = 0; i < 40; i++) {
      pack.add(TREE, tree)
      const id = idOf('tree', tree)
      tree = Buffer.concat([entry('40000', 'a', id), entry('40000', 'b', id)])
    }
    pack.add(TREE, tree)
    const commit = commitOf(idOf('tree', tree))
    pack.add(COMMIT, commit)
    const began = performance.now()
    const { refused, landing, grew } = await send(pack.pack(), idOf('commit', commit))
    assert.equal(refused, undefined)
    assert.equal(landing!.shown, 'commits')
    assert.equal(landing!.refs[0]!.files, null)
    assert.equal(landing!.refs[0]!.gains.commits.length, 1)
    assert.ok(performance.now() - began < 30_000)
    assert.ok(grew < 40, `${grew} MiB`)
  })
  test('a message of 10 MB, 100 000 parents', async () => {
    const pack = new PackWriter()
    const tree = entry('100644', 'x', idOf('blob', Buffer.from('x')))
    pack.add(BLOB, Buffer.from('x'))
    pack.add(TREE, tree)
    const long = commitOf(idOf('tree', tree), 'm'.repeat(10_000_000))
    const many = commitOf(
      idOf('tree', tree),
      'many\n',
      `parent ${idOf('commit', long)}\n${`parent ${base}\n`.repeat(100_000)}`,
    )
    pack.add(COMMIT, long)
    pack.add(COMMIT, many)
    const { refused, landing, grew } = await send(pack.pack(), idOf('commit', many))
    assert.equal(refused, undefined)
    const [newest, older] = landing!.refs[0]!.gains.commits
    assert.equal(newest!.message, 'many')
    assert.equal(newest!.author.name, 'A')
    assert.equal(newest!.parents.length, 64)
    assert.equal(older!.message.length, 4096)
    assert.ok(older!.messageCut)
    assert.ok(grew < 60, `${grew} MiB`)
  })
  test('a header that promises more objects than there are', async () => {
    const pack = Buffer.concat([Buffer.from('PACK\0\0\0\x02\xff\xff\xff\xff', 'latin1'), Buffer.alloc(64)])
    const { refused } = await send(pack, 'f'.repeat(40))
    assert.equal(refused?.reason === 'bad-request' || refused?.reason === 'too-large', true)
  })
  test('none of them took anything that is left', () => {
    const opened = bed.spool.open(bed.incoming([{ before: ZERO, after: base, ref: 'refs/heads/x' }]))
    assert.ok(opened.ok)
  })
})
