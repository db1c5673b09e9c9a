import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'

/** Another gateway process works on this database. */
export class DatabaseInUse extends Error {
  readonly code = 'database-in-use'
}

/** Ours among the advisory locks of a database ("CSGN"): the writers' lock, and the gateway's. */
const OURS = 0x4353474e
export const WRITERS = `${OURS}, 1`
const GATEWAY = `${OURS}, 2`

/**
 * Keep a second gateway off the database. The lock is the session's: it goes with the connection, however that ends. Waits
 * `patience` ms for a gateway that is just ending.
 */
export async function lockDatabase(client: pg.Client, { patience = 2000 } = {}): Promise<void> {
  const until = Date.now() + patience
  for (;;) {
    const { rows } = await client.query<{ ours: boolean }>(`select pg_try_advisory_lock(${GATEWAY}) as ours`)
    if (rows[0]?.ours === true) return
    if (Date.now() >= until) throw new DatabaseInUse('another gateway is running on this database')
    await wait(100)
  }
}
