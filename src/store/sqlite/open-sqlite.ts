import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { migrate } from '../migrations/migrate.ts'
import type { Schema } from '../schema.ts'
import type { Store } from '../store.ts'
import { sqliteDialect } from './dialect.ts'

/** How long a writer waits for another process's transaction, ms. */
const PATIENCE = 5000

/** Open, and bring up to date, the database at `path`. */
export async function openSqlite(path: string): Promise<Store> {
  const database = new DatabaseSync(path, { timeout: PATIENCE })
  // WAL: readers do not wait for writers. FULL: a commit is on disk when it returns.
  database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
  const dataVersion = database.prepare('pragma data_version')
  const db = new Kysely<Schema>({ dialect: sqliteDialect(database) })
  try {
    await migrate(db)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return {
    db,
    transaction: (work) => db.transaction().execute(work),
    changes: () => Number((dataVersion.get() as { data_version: number }).data_version),
    close: () => db.destroy(),
  }
}
