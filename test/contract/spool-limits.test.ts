import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { RefUpdate } from '../../src/core/git/ref-update.ts'
import type { Refusal } from '../../src/core/refusal.ts'
import { Bed, chunks, never, ZERO } from './spool-bed.ts'

const MAIN = 'refs/heads/main'
const NO_MOUNT = process.getuid!() === 0 ? false : 'mounting a small disk takes root'
const KiB = 1024
const MiB = 1024 * KiB

describe('room', () => {
  const bed = new Bed()
  let first: string
  let update: RefUpdate
  before(() => {
    first = bed.commit('first', (dir) => writeFileSync(join(dir, 'a'), 'a\n'))
    bed.git('push', '-q', 'origin', 'main')
    update = { before: first, after: '1'.repeat(40), ref: MAIN }
  })
  afterEach(() => bed.spool.close())
  after(() => bed.end())

  const head = (size: number): Buffer =>
    Buffer.concat([Buffer.from('PACK\0\0\0\x02\0\0\0\x01'), Buffer.alloc(size - 12)])

  test('too many pushes at once, of one account and of all', async () => {
    const spool = await bed.open({ pushes: 3, pushesOfAccount: 2 })
    const open = (account: string) => spool.open(bed.incoming([update], { account }))
    const [one, two, three, four, five] = [open('a'), open('a'), open('a'), open('b'), open('c')]
    assert.ok(one.ok && two.ok && four.ok)
    assert.equal(!three.ok && three.error.reason, 'rate-limited')
    assert.equal(!five.ok && five.error.reason, 'rate-limited')
    await one.value.dispose()
    await one.value.dispose()
    assert.ok(open('a').ok)
    assert.equal(open('c').ok, false)
  })
  test('larger than one push may be: refused as it comes, with a way out', async () => {
    await bed.open({ pushBytes: 64 * KiB })
    const push = bed.push([update])
    let taken = 0
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        taken += 16 * KiB
        yield head(16 * KiB)
      }
    }
    const received = await push.receive(endless(), never)
    assert.ok(!received.ok)
    assert.equal(received.error.reason, 'too-large')
    assert.match(received.error.say, /64 KiB/)
    assert.match(received.error.fix!, /[Ss]ign the push/)
    assert.ok(taken <= 96 * KiB)
    assert.deepEqual(bed.quarantines(), [])
  })
  test('pushes together: of one account, of everybody; room comes back', async () => {
    await bed.open({ accountBytes: 100 * KiB, totalBytes: 150 * KiB })
    const receive = async (account: string, size: number) => {
      const push = bed.push([update], { account })
      return { push, received: await push.receive(chunks(head(size)), never) }
    }
    const one = await receive('a', 60 * KiB)
    assert.ok(one.received.ok)
    const refused = async (account: string, size: number): Promise<string> => {
      const { received } = await receive(account, size)
      assert.ok(!received.ok && received.error.reason === 'too-large')
      return received.error.say
    }
    assert.match(await refused('a', 60 * KiB), /Your pushes/)
    const two = await receive('b', 60 * KiB)
    assert.ok(two.received.ok)
    assert.match(await refused('c', 60 * KiB), /no room left/)
    await one.push.dispose()
    assert.ok((await receive('a', 60 * KiB)).received.ok)
  })
  test('a client that drips is given up', async () => {
    await bed.open({ slowestWindowMs: 300, slowestBytesPerSecond: 1000 })
    const push = bed.push([update])
    async function* drip(): AsyncGenerator<Buffer> {
      yield head(32)
      for (;;) {
        await wait(30)
        yield Buffer.alloc(1)
      }
    }
    const began = performance.now()
    const received = await push.receive(drip(), never)
    assert.ok(!received.ok)
    assert.equal(received.error.say, 'The push came in too slowly and was given up.')
    assert.ok(performance.now() - began >= 290)
    assert.deepEqual(bed.quarantines(), [])
  })
  test('a steady client is not, and one that is silent for less than a window neither', async () => {
    await bed.open({ slowestWindowMs: 300, slowestBytesPerSecond: 1000 })
    const push = bed.push([update])
    async function* steady(): AsyncGenerator<Buffer> {
      yield head(400)
      for (let i = 0; i < 6; i++) {
        await wait(150)
        yield Buffer.alloc(400)
      }
    }
    assert.ok((await push.receive(steady(), never)).ok)
  })
  test('a client that leaves, or whose stream breaks, frees everything', async () => {
    await bed.open()
    const left = new AbortController()
    const push = bed.push([update])
    async function* stuck(): AsyncGenerator<Buffer> {
      yield head(64 * KiB)
      setTimeout(() => left.abort(), 20)
      await new Promise(() => {})
    }
    const received = await push.receive(stuck(), left.signal)
    assert.ok(!received.ok)
    assert.deepEqual(bed.quarantines(), [])
    const other = bed.push([update])
    async function* breaks(): AsyncGenerator<Buffer> {
      yield head(64)
      throw new Error('ECONNRESET')
    }
    const broken = await other.receive(breaks(), never)
    assert.ok(!broken.ok && broken.error.reason === 'bad-request')
    assert.deepEqual(bed.quarantines(), [])
  })
  test('left while git reads: git is ended', async () => {
    await bed.open()
    const big = bed.object('blob', Buffer.alloc(64 * MiB, 'x'))
    const pack = bed.packOf([big], '--compression=0')
    const push = bed.push([{ before: ZERO, after: big, ref: 'refs/tags/x' }])
    assert.ok((await push.receive(chunks(pack), never)).ok)
    const left = new AbortController()
    setTimeout(() => left.abort(), 60)
    const began = performance.now()
    const refused = await push.index(left.signal)
    assert.equal(refused?.say, 'The push was broken off.')
    assert.ok(performance.now() - began < 2000)
    assert.deepEqual(bed.quarantines(), [])
  })
  test('a large pack is read by git, not by this process', async () => {
    await bed.open()
    const big = bed.commit('big', (dir) => {
      for (let i = 0; i < 12; i++) writeFileSync(join(dir, `big${i}`), randomBytes(4 * MiB))
    })
    const pack = bed.pack([big], [first], '--window=0', '--compression=0')
    const push = bed.push([{ before: first, after: big, ref: MAIN }])
    assert.ok((await push.receive(chunks(pack), never)).ok)
    const resting = process.memoryUsage.rss()
    let peak = resting
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss())
    }, 10)
    assert.equal(await push.index(never), undefined)
    assert.equal((await push.look(never)).shown, 'diff')
    clearInterval(watch)
    assert.ok(peak - resting < 30 * MiB, `${Math.round((peak - resting) / MiB)} MiB`)
  })
  test('disposed in the middle of anything', async () => {
    await bed.open()
    const push = bed.push([update])
    async function* stuck(): AsyncGenerator<Buffer> {
      yield head(64)
      await new Promise(() => {})
    }
    const receiving = push.receive(stuck(), never)
    await wait(20)
    await push.dispose()
    assert.equal((await receiving).ok, false)
    assert.equal((await push.receive(chunks(head(64)), never)).ok, false)
    assert.equal((await push.index(never))?.say, 'The push was broken off.')
    assert.equal((await push.look(never)).shown, 'refs')
    assert.deepEqual(await push.patch(0, 100), { files: [], cut: true })
  })
  test('a start removes what a former run left, and only its owner may look', async () => {
    mkdirSync(join(bed.dir, 'push', 'p-old'), { recursive: true })
    mkdirSync(join(bed.dir, 'mirror', '9-code-sha1-abcdef'), { recursive: true })
    mkdirSync(join(bed.dir, 'mirror', 'strange'), { recursive: true })
    await bed.open()
    assert.deepEqual(bed.quarantines(), [])
    assert.ok(!readdirSync(join(bed.dir, 'mirror')).some((name) => /^9-|strange/.test(name)))
    const push = bed.push([update])
    await push.receive(chunks(head(64)), never)
    const [name] = bed.quarantines()
    const place = join(bed.dir, 'push', name!)
    assert.equal(statSync(place).mode & 0o777, 0o700)
    assert.equal(statSync(join(place, 'raw')).mode & 0o777, 0o600)
    await bed.spool.close()
    assert.ok(!existsSync(place))
    const closed = bed.spool.open(bed.incoming([update]))
    assert.equal(!closed.ok && closed.error.reason, 'closing')
  })
  test('a disk that is full: refused with a way out, and the space is free again', {
    skip: NO_MOUNT,
  }, async () => {
    await bed.open()
    const place = join(bed.dir, 'push')
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place]).status, 0)
    try {
      // While the pack comes in.
      const coming = bed.push([update])
      const received = await coming.receive(chunks(head(2 * MiB)), never)
      assert.ok(!received.ok)
      assert.equal(received.error.reason, 'too-large')
      assert.match(received.error.fix!, /[Ss]ign the push/)
      assert.deepEqual(bed.quarantines(), [])
      // While git indexes it, which takes the space twice.
      bed.git('reset', '-q', '--hard', first)
      const commit = bed.commit('large', (dir) => writeFileSync(join(dir, 'large'), randomBytes(600 * KiB)))
      const push = bed.push([{ before: first, after: commit, ref: MAIN }])
      assert.ok((await push.receive(chunks(bed.pack([commit], [first])), never)).ok)
      const refused = await push.index(never)
      assert.ok(refused)
      assert.ok(['internal', 'too-large'].includes(refused.reason), refused.reason)
      assert.deepEqual(bed.quarantines(), [])
    } finally {
      await bed.spool.close()
      spawnSync('umount', ['-l', place])
    }
  })
  test('a disk that fails is no crash', async () => {
    await bed.open()
    const push = bed.push([update])
    await wait(50)
    const [name] = bed.quarantines()
    writeFileSync(join(bed.dir, 'push', name!, 'raw'), 'in the way')
    const received = await push.receive(chunks(head(64)), never)
    assert.equal(!received.ok && (received.error as Refusal).reason, 'internal')
    assert.deepEqual(bed.quarantines(), [])
  })
})
