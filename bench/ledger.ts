import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { find, POSTGRES } from '../scripts/prerequisites.ts'
import { ed25519PrivateKey } from '../src/core/crypto.ts'
import { openLedger } from '../src/ledger/open-ledger.ts'
import { openPostgres } from '../src/store/postgres/open-postgres.ts'
import { openSqlite } from '../src/store/sqlite/open-sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { scratch } from '../test/support/gateway.ts'
import { databaseUrl, startServer } from '../test/support/postgres.ts'
import { median, timed } from './statistics.ts'
import { atLeast, type Row } from './table.ts'

const WRITERS = 64

/**
 * Entries of the log that are on disk, a second, while 64 callers each wait for their own before the next: group commit, with
 * fsync, on both engines. The second figure of each has an intent's guard, a nonce that is used once.
 */
export async function ledger(quick: boolean): Promise<Row[]> {
  const each = quick ? 50 : 200
  const dir = scratch('bench-ledger')
  const sqlite = await openSqlite(join(dir, 'x.db'))
  const rows = await measure('SQLite', 10_000, sqlite, each)
  await sqlite.close()
  rmSync(dir, { recursive: true })
  if (find(POSTGRES) === undefined) return rows
  const server = await startServer('disk')
  const postgres = await openPostgres(databaseUrl(await server.createDatabase()))
  rows.push(...(await measure('PostgreSQL', 3_000, postgres, each)))
  await postgres.close()
  return rows
}

async function measure(name: string, goal: number, store: Store, each: number): Promise<Row[]> {
  const log = openLedger({
    store,
    key: ed25519PrivateKey(Buffer.alloc(32, 1)),
    origin: 'bench.example/ledger',
    now: Date.now,
  })
  const payload = { actor: { account: 'a'.repeat(22), name: 'alice', forgeId: 7 }, text: 'x'.repeat(300) }
  let nonces = 0
  const append = (guarded: boolean): Promise<unknown> =>
    log.append(
      { type: 'intent', payload, account: 'a'.repeat(22), repo: 3 },
      guarded
        ? async (write) => {
            await write
              .insertInto('used_nonce')
              .values({ nonce: `n${nonces++}`, forget_at: 0 })
              .onConflict((conflict) => conflict.doNothing())
              .execute()
            return undefined
          }
        : undefined,
    )
  const perSecond = async (guarded: boolean): Promise<number> => {
    const ms = await timed(() =>
      Promise.all(
        Array.from({ length: WRITERS }, async () => {
          for (let i = 0; i < each; i++) await append(guarded)
        }),
      ),
    )
    return (WRITERS * each * 1000) / ms
  }
  await perSecond(false)
  const plain = [await perSecond(false), await perSecond(false), await perSecond(false)]
  const guarded = [await perSecond(true), await perSecond(true), await perSecond(true)]
  return [
    atLeast(
      `ledger on ${name}, ${WRITERS} writers, entries on disk`,
      median(plain),
      goal,
      '/s',
      `with a nonce each: ${Math.round(median(guarded))}/s`,
    ),
  ]
}
