import { Kysely } from 'kysely'
import pg from 'pg'
import { randomBytes } from '../../core/crypto.ts'
import type { DatabaseUrl } from '../../core/database-url.ts'
import { migrate } from '../migrations/migrate.ts'
import { postgresWords } from '../migrations/postgres-words.ts'
import type { Schema } from '../schema.ts'
import type { Store } from '../store.ts'
import { connection } from './connection.ts'
import { readDialect, writeDialect } from './dialect.ts'
import { lockDatabase, WRITERS } from './lock-database.ts'
import { openWriter } from './writer.ts'

const CHANNEL = 'countersign'
const READERS = 8

/**
 * Open, and bring up to date, the database at `url`. With `gateway` this process is the only gateway on it, or it fails: the
 * lock hangs on the connection by which it writes, so that without the lock nothing can be written.
 */
export async function openPostgres(
  url: DatabaseUrl,
  { gateway }: { gateway?: { onLost: (why: string) => void } } = {},
): Promise<Store> {
  const self = randomBytes(16).toString('hex')
  const writer = await openWriter(url, {
    channel: CHANNEL,
    self,
    onLost: gateway?.onLost,
    async prepare(client) {
      await checkServer(client)
      if (gateway) await lockDatabase(client)
    },
  })
  const writing = new Kysely<Schema>({
    dialect: writeDialect(writer, {
      begin: `select pg_advisory_xact_lock(${WRITERS})`,
      commit: `notify ${CHANNEL}, '${self}'`,
    }),
  })
  try {
    await migrate(writing.withPlugin(postgresWords))
  } catch (error) {
    await writing.destroy()
    throw error
  }
  const pool = new pg.Pool({ ...connection(url, { readOnly: true }), max: READERS, allowExitOnIdle: true })
  pool.on('error', () => {}) // an idle connection that ended is not missed
  const db = new Kysely<Schema>({ dialect: readDialect(pool) })
  return {
    db,
    transaction: (work) => writing.transaction().execute(work),
    changes: writer.changes,
    async close() {
      await writing.destroy()
      await db.destroy()
    },
  }
}

/** A server on which a commit would not be on disk, or text not what it was, is refused. */
async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ fsync: string; encoding: string; commit: string }>(
    `select current_setting('fsync') as fsync, current_setting('server_encoding') as encoding, current_setting('synchronous_commit') as commit`,
  )
  const { fsync, encoding, commit } = rows[0]!
  if (fsync !== 'on')
    throw new Error('the database server runs with fsync off: what it has committed can be lost')
  if (encoding !== 'UTF8') throw new Error(`the database is encoded as ${encoding}: make it anew with UTF8`)
  // What waits for standbys may stay as strict as it is.
  if (commit === 'off' || commit === 'local') await client.query('set synchronous_commit = on')
}
