import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { KyselyPlugin } from 'kysely'
import { ed25519PrivateKey } from '../../src/core/crypto.ts'
import { refusal } from '../../src/core/refusal.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { verifyLedger } from '../../src/ledger/verify-ledger.ts'
import type { Store, Write } from '../../src/store/store.ts'
import { engine, type Fresh } from '../support/engines.ts'

// A store that fails at every step of a batch in turn: before a statement, after it, or around the commit. Whatever
// happens, the log verifies, and what a caller was told is what is there: nothing half.

const made: Fresh[] = []
after(() => Promise.all(made.map((database) => database.remove())))

const open = (store: Store): Ledger =>
  openLedger({
    store,
    key: ed25519PrivateKey(Buffer.alloc(32, 1)),
    origin: 'test.example/ledger',
    now: () => 1,
  })
const record = (n: number) => ({ type: 'gateway.start', payload: { n } }) as const
const nonce = (name: string) => async (write: Write) => {
  await write.insertInto('used_nonce').values({ nonce: name, forget_at: 0 }).execute()
  return undefined
}

type When = 'before' | 'after'

/** Fails at statement number `nth` of each transaction, or around its commit when nth is 'commit'. */
function failing(store: Store, nth: number | 'commit', when: When): Store & { statements(): number } {
  let count = 0
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      count++
      if (when === 'before' && count === nth) throw new Error('disk full')
      return node
    },
    async transformResult({ result }) {
      if (when === 'after' && count === nth) throw new Error('disk full')
      return result
    },
  }
  return {
    ...store,
    statements: () => count,
    async transaction(work) {
      count = 0
      if (nth !== 'commit') return store.transaction((write) => work(write.withPlugin(plugin)))
      const value = await store.transaction(async (write) => {
        const done = await work(write)
        if (when === 'before') throw new Error('disk full')
        return done
      })
      throw new Error('disk full', { cause: value })
    },
  }
}

async function state(store: Store, ledger: Ledger): Promise<{ size: number; nonces: string[] }> {
  const verified = await verifyLedger(store, ledger.vkey)
  assert.ok(verified.ok, JSON.stringify(verified))
  const rows = await store.db.selectFrom('used_nonce').select('nonce').orderBy('nonce').execute()
  return { size: verified.value.size, nonces: rows.map(({ nonce: name }) => name) }
}

async function fresh(): Promise<{ store: Store; ledger: Ledger }> {
  const database = await engine.fresh()
  made.push(database)
  const store = await database.open()
  const ledger = open(store)
  for (let n = 0; n < 3; n++) await ledger.append(record(n))
  return { store, ledger }
}

/** Two entries with guards in one batch. */
const batch = (ledger: Ledger, names: readonly string[]) =>
  Promise.allSettled(names.map((name, n) => ledger.append(record(n), nonce(name))))

test('how many statements such a batch takes, so that the table below reaches all of them', async () => {
  const { store } = await fresh()
  const counting = failing(store, -1, 'before')
  await batch(open(counting), ['a', 'b'])
  assert.ok(counting.statements() >= 12, `${counting.statements()}`)
  assert.ok(counting.statements() < LAST, `${counting.statements()}`)
  await store.close()
})

const LAST = 14
describe('a store that fails', async () => {
  const { store, ledger } = await fresh()
  after(() => store.close())
  for (const when of ['before', 'after'] as const)
    for (const nth of [...Array.from({ length: LAST }, (_, i) => i + 1), 'commit'] as const)
      test(`${when} ${nth === 'commit' ? 'the commit' : `statement ${nth}`}`, async () => {
        const was = await state(store, ledger)
        const names = ['a', 'b'].map((name) => `${name} ${when} ${nth}`)
        const told = await batch(open(failing(store, nth, when)), names)
        const recorded = names.filter((_, i) => {
          const one = told[i]!
          return one.status === 'fulfilled' && one.value.ok
        })
        const is = await state(store, ledger)
        const nonces = is.nonces.filter((name) => !was.nonces.includes(name))
        assert.equal(
          is.size - was.size,
          nonces.length,
          'each entry with its nonce, each nonce with its entry',
        )
        // Whoever was told "recorded" finds it; only a commit whose answer got lost may have recorded more.
        if (nth !== 'commit' || when === 'before') assert.deepEqual(nonces, recorded)
        else assert.deepEqual([recorded, nonces], [[], names])
        // And the log goes on.
        assert.ok((await ledger.append(record(9))).ok)
        assert.equal((await state(store, ledger)).size, is.size + 1)
      })
})

test('a guard that throws, or a payload without a canonical form, concerns no other entry of the batch', async () => {
  const { store, ledger } = await fresh()
  const told = await Promise.allSettled([
    ledger.append(record(3), nonce('a')),
    ledger.append(record(4), async (write) => {
      await nonce('b')(write)
      throw new Error('a bug')
    }),
    ledger.append({ type: 'gateway.start', payload: { n: Number.NaN } }),
    ledger.append(record(5), async (write) => {
      await nonce('c')(write)
      return refusal('nonce-used', 'no')
    }),
    ledger.append(record(6), nonce('d')),
  ])
  assert.deepEqual(
    told.map((one) => (one.status === 'fulfilled' ? one.value.ok : String(one.reason))),
    [true, 'Error: a bug', 'Error: a number that is not finite', false, true],
  )
  assert.deepEqual(await state(store, ledger), { size: 5, nonces: ['a', 'd'] })
  await store.close()
})

test('a guard learns the index its entry will have', async () => {
  const { store, ledger } = await fresh()
  const seen: number[] = []
  const at =
    (refuse: boolean) =>
    async (_: Write, { index }: { index: number }) => {
      seen.push(index)
      return refuse ? refusal('denied', 'no') : undefined
    }
  const told = await Promise.all([false, true, false].map((refuse) => ledger.append(record(0), at(refuse))))
  assert.deepEqual(seen, [3, 4, 4])
  assert.deepEqual(
    told.map((one) => one.ok && one.value.index),
    [3, false, 4],
  )
  await store.close()
})

test('closing waits for what was begun, and takes nothing more', async () => {
  const { store, ledger } = await fresh()
  const begun = ledger.append(record(3))
  await ledger.close()
  assert.ok((await begun).ok)
  await assert.rejects(ledger.append(record(4)), /closed/)
  assert.equal((await state(store, ledger)).size, 4)
  await store.close()
})
