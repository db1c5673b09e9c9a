import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { engine, type Fresh } from '../../test/support/engines.ts'
import { ed25519PrivateKey } from '../core/crypto.ts'
import { writeCheckpoint } from '../core/ledger/checkpoint.ts'
import { signNote } from '../core/ledger/note.ts'
import { refusal } from '../core/refusal.ts'
import type { Store, Write } from '../store/store.ts'
import type { Ledger } from './ledger.ts'
import { openLedger } from './open-ledger.ts'
import { verifyLedger } from './verify-ledger.ts'

const made: Fresh[] = []
after(() => Promise.all(made.map((database) => database.remove())))

async function fresh(): Promise<{ store: Store; ledger: Ledger; again(): Promise<Store> }> {
  const database = await engine.fresh()
  made.push(database)
  const store = await database.open()
  return { store, again: database.open, ledger: open(store) }
}
const KEY = ed25519PrivateKey(Buffer.alloc(32, 1))
const open = (store: Store): Ledger =>
  openLedger({
    store,
    key: KEY,
    origin: 'test.example/ledger',
    now: Date.now,
  })
const record = (n: number) => ({ type: 'gateway.start', payload: { n } }) as const

test('what is appended verifies, in the order it came', async () => {
  const { store, ledger } = await fresh()
  const all = await Promise.all(Array.from({ length: 300 }, (_, n) => ledger.append(record(n))))
  assert.deepEqual(
    all.map((result) => result.ok && result.value.index),
    Array.from({ length: 300 }, (_, n) => n),
  )
  assert.equal((await ledger.checkpoint()).size, 300)
  assert.deepEqual(await verifyLedger(store, ledger.vkey), {
    ok: true,
    value: { size: 300, erased: 0, origin: 'test.example/ledger' },
  })
  await store.close()
})

test('a log of several pages and many batches verifies', async () => {
  const { store, ledger } = await fresh()
  const appends = Array.from({ length: 2100 }, (_, n) => ledger.append(record(n)))
  await Promise.all(appends)
  const verified = await verifyLedger(store, ledger.vkey)
  assert.deepEqual(verified.ok && verified.value.size, 2100, JSON.stringify(verified))
  await store.close()
})

test('an empty log verifies as such', async () => {
  const { store, ledger } = await fresh()
  assert.deepEqual(await verifyLedger(store, ledger.vkey), {
    ok: true,
    value: { size: 0, erased: 0, origin: 'test.example/ledger' },
  })
  assert.equal((await verifyLedger(store, 'x')).ok, false)
  await store.close()
})

test('a guard that refuses leaves no entry and no row, and disturbs nobody else', async () => {
  const { store, ledger } = await fresh()
  const use = (nonce: string, refuse: boolean) =>
    ledger.append(record(0), async (write) => {
      await write.insertInto('used_nonce').values({ nonce, forget_at: 0 }).execute()
      return refuse ? refusal('nonce-used', 'no') : undefined
    })
  const [a, b, c] = await Promise.all([use('a', false), use('b', true), use('c', false)])
  assert.deepEqual([a.ok, b.ok, c.ok], [true, false, true])
  assert.deepEqual(
    (await store.db.selectFrom('used_nonce').select('nonce').execute()).map(({ nonce }) => nonce),
    ['a', 'c'],
  )
  assert.equal((await verifyLedger(store, ledger.vkey)).ok, true)
  assert.equal((await ledger.checkpoint()).size, 2)
  await store.close()
})

test('two writers on one log never fork it', async () => {
  const { store, ledger, again } = await fresh()
  const other = await again()
  const second = open(other)
  for (let i = 0; i < 20; i++) await (i % 2 === 0 ? ledger : second).append(record(i))
  assert.deepEqual(await verifyLedger(store, ledger.vkey), {
    ok: true,
    value: { size: 20, erased: 0, origin: 'test.example/ledger' },
  })
  await other.close()
  await store.close()
})

describe('verification finds', () => {
  const tamper: readonly [string, (write: Write) => Promise<unknown>][] = [
    [
      'a changed entry',
      (write) =>
        write
          .updateTable('ledger_entry')
          .set({ bytes: Buffer.from('{}') })
          .where('idx', '=', 1)
          .execute(),
    ],
    [
      'a changed payload',
      (write) =>
        write
          .updateTable('ledger_entry')
          .set({ payload: Buffer.from('{"n":9}') })
          .where('idx', '=', 1)
          .execute(),
    ],
    ['a missing entry', (write) => write.deleteFrom('ledger_entry').where('idx', '=', 1).execute()],
    [
      'entries beyond the checkpoint',
      (write) => write.deleteFrom('ledger_checkpoint').where('size', '=', 3).execute(),
    ],
    [
      'a changed node',
      (write) =>
        write
          .updateTable('ledger_node')
          .set({ hash: Buffer.alloc(32) })
          .where('level', '=', 1)
          .execute(),
    ],
    [
      'an older checkpoint over something else',
      async (write) => {
        const root = Buffer.alloc(32, 7)
        const note = signNote(
          writeCheckpoint({ origin: 'test.example/ledger', size: 2, root }),
          'test.example/ledger',
          KEY,
        )
        await write.updateTable('ledger_checkpoint').set({ note }).where('size', '=', 2).execute()
      },
    ],
    [
      'a checkpoint filed under another size',
      (write) => write.updateTable('ledger_checkpoint').set({ size: 4 }).where('size', '=', 3).execute(),
    ],
    [
      'a node too many',
      (write) =>
        write
          .insertInto('ledger_node')
          .values({ level: 0, idx: 3, hash: Buffer.alloc(32) })
          .execute(),
    ],
    ['a missing node', (write) => write.deleteFrom('ledger_node').where('level', '=', 1).execute()],
    [
      'a salt without its payload',
      (write) => write.updateTable('ledger_entry').set({ payload: null }).where('idx', '=', 1).execute(),
    ],
    [
      'another type in the column',
      (write) => write.updateTable('ledger_entry').set({ type: 'x' }).where('idx', '=', 1).execute(),
    ],
    [
      'another time in the column',
      (write) => write.updateTable('ledger_entry').set({ time: 1 }).where('idx', '=', 1).execute(),
    ],
    ['the last entry missing', (write) => write.deleteFrom('ledger_entry').where('idx', '=', 2).execute()],
    ['no checkpoint at all', (write) => write.deleteFrom('ledger_checkpoint').execute()],
    [
      'a changed checkpoint',
      (write) => write.updateTable('ledger_checkpoint').set({ note: 'x' }).where('size', '=', 3).execute(),
    ],
  ]
  for (const [name, change] of tamper) {
    test(name, async () => {
      const { store, ledger } = await fresh()
      for (let n = 0; n < 3; n++) await ledger.append(record(n))
      await store.transaction(change)
      const found = await verifyLedger(store, ledger.vkey)
      assert.equal(found.ok, false, JSON.stringify(found))
      await store.close()
    })
  }
  test('another signing key', async () => {
    const { store, ledger } = await fresh()
    await ledger.append(record(0))
    const other = openLedger({
      store,
      key: ed25519PrivateKey(Buffer.alloc(32, 2)),
      origin: 'test.example/ledger',
      now: Date.now,
    })
    assert.equal((await verifyLedger(store, other.vkey)).ok, false)
    await store.close()
  })
  test('nothing in an erased payload: proofs survive erasure', async () => {
    const { store, ledger } = await fresh()
    for (let n = 0; n < 3; n++) await ledger.append(record(n))
    await store.transaction((write) =>
      write.updateTable('ledger_entry').set({ payload: null, salt: null }).where('idx', '=', 1).execute(),
    )
    assert.deepEqual(await verifyLedger(store, ledger.vkey), {
      ok: true,
      value: { size: 3, erased: 1, origin: 'test.example/ledger' },
    })
    await store.close()
  })
})
