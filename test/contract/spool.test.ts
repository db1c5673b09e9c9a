import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { Bed, chunks, never } from './spool-bed.ts'

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i} of something\n`).join('')

for (const format of ['sha1', 'sha256'] as const) {
  describe(`a pack on its way, ${format}`, () => {
    const bed = new Bed(format)
    const zero = '0'.repeat(format === 'sha1' ? 40 : 64)
    let first: string
    let second: string
    before(async () => {
      first = bed.commit('first', (dir) => writeFileSync(join(dir, 'a.txt'), lines(0, 3000)))
      bed.git('push', '-q', 'origin', 'main')
      second = bed.commit('second', (dir) => writeFileSync(join(dir, 'a.txt'), lines(1, 3001)))
      await bed.open()
    })
    after(() => bed.end())
    const main = 'refs/heads/main'

    test('whole: indexed, and given on byte by byte', async () => {
      const pack = bed.pack([second], [first])
      const push = await bed.indexed([{ before: first, after: second, ref: main }], pack)
      assert.ok((await buffer(push.pack()!)).equals(pack))
      await push.dispose()
      assert.deepEqual(bed.quarantines(), [])
      assert.equal(push.pack(), null)
    })
    test('thin: completed, so that it stands alone', async () => {
      const thin = bed.pack([second], [first], '--thin')
      assert.ok(thin.length < 1000)
      const push = await bed.indexed([{ before: first, after: second, ref: main }], thin)
      const given = await buffer(push.pack()!)
      assert.ok(given.length > thin.length)
      const other = join(bed.root, `other-${format}.git`)
      bed.at(bed.root, 'init', '-q', '--bare', `--object-format=${format}`, other)
      bed.raw(other, ['index-pack', '--stdin'], given)
      await push.dispose()
    })
    test('empty, for a branch at a commit that is there', async () => {
      const push = await bed.indexed([{ before: zero, after: first, ref: 'refs/heads/x' }], bed.packOf([]))
      await push.dispose()
    })
    test('none, for deletions', async () => {
      const push = bed.push([{ before: first, after: zero, ref: main }])
      assert.deepEqual(await push.receive(chunks(Buffer.alloc(0)), never), { ok: true, value: false })
      assert.equal(await push.index(never), undefined)
      assert.equal(push.pack(), null)
      await push.dispose()
    })
  })
}

describe('packs that are no good', () => {
  const bed = new Bed()
  let first: string
  let second: string
  before(async () => {
    first = bed.commit('first', (dir) => writeFileSync(join(dir, 'a.txt'), lines(0, 3000)))
    bed.git('push', '-q', 'origin', 'main')
    second = bed.commit('second', (dir) => writeFileSync(join(dir, 'a.txt'), lines(1, 3001)))
    await bed.open()
  })
  after(() => bed.end())

  const outcome = async (pack: Buffer, after = second): Promise<unknown> => {
    const push = bed.push([{ before: first, after, ref: 'refs/heads/main' }])
    const received = await push.receive(chunks(pack), never)
    const refused = received.ok ? await push.index(never) : received.error
    assert.deepEqual(bed.quarantines(), [], 'nothing is left of it')
    return refused && `${refused.reason}: ${refused.say}`
  }

  test('not a pack', async () => {
    for (const bytes of [
      Buffer.from('PICK'),
      Buffer.from('PACK\0\0\0\x04\0\0\0\0'.padEnd(40)),
      Buffer.from('\0'.repeat(99)),
    ])
      assert.equal(await outcome(bytes), 'bad-request: What came behind the commands is no pack.')
  })
  test('nothing where the commands need something', async () => {
    assert.equal(await outcome(Buffer.alloc(0)), 'bad-request: What came behind the commands is no pack.')
  })
  test('cut short, anywhere', async () => {
    const pack = bed.pack([second], [first])
    for (const end of [5, 12, 31, 32, 100, pack.length - 21, pack.length - 1])
      assert.equal(await outcome(pack.subarray(0, end)), 'bad-request: The pack ends too early.', String(end))
  })
  test('damaged', async () => {
    const pack = Buffer.from(bed.pack([second], [first]))
    pack[40]! ^= 1
    assert.match(String(await outcome(pack)), /^bad-request: git cannot read the pack/)
  })
  test('bytes behind the end, few or many, or another pack', async () => {
    const pack = bed.pack([second], [first])
    for (const more of [Buffer.from('x'), Buffer.alloc(70_000), pack])
      assert.equal(
        await outcome(Buffer.concat([pack, more])),
        'bad-request: There are bytes behind the end of the pack.',
      )
    // With the end of the pack where git has read a whole buffer and need not look further.
    const stored = (size: number): Buffer => {
      const blob = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7919) % 251))
      return bed.packOf([bed.object('blob', blob)], '--compression=0')
    }
    const aligned = stored(3000 + 4096 - stored(3000).length)
    assert.equal(aligned.length, 4096)
    assert.match(String(await outcome(Buffer.concat([aligned, pack]))), /behind the end/)
  })
  test('made against what the repository does not have', async () => {
    const elsewhere = bed.commit('third', (dir) => writeFileSync(join(dir, 'a.txt'), lines(2, 3002)))
    const pack = bed.pack([elsewhere], [second], '--thin')
    assert.match(String(await outcome(pack, elsewhere)), /^bad-request: The pack is made against/)
  })
  test('not holding what the push names', async () => {
    const pack = bed.pack([second], [first])
    assert.match(String(await outcome(pack, 'f'.repeat(40))), /^bad-request: The pack does not hold/)
  })
  test('ids of the other format', async () => {
    const other = new Bed('sha256')
    const id = other.commit('x', (dir) => writeFileSync(join(dir, 'a'), 'a'))
    assert.match(String(await outcome(other.pack([id]))), /^bad-request: /)
    await other.end()
  })
})
