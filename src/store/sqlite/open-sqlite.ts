import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { migrate } from '../migrations/migrate.ts'
import type { Schema } from '../schema.ts'
import type { Store } from '../store.ts'
import { sqliteDialect } from './dialect.ts'

/** Open, and bring up to date, the database at `path`. */
export async function openSqlite(path: string): Promise<Store> {
  const database = new DatabaseSync(path)
  // FULL: a commit is on disk when it returns. WAL: readers do not wait for writers.
  database.exec(
    'pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma busy_timeout = 5000',
  )
  const dataVersion = database.prepare('pragma data_version')
  const db = new Kysely<Schema>({ dialect: sqliteDialect(database) })
  await migrate(db)
  return {
    db,
    transaction: (work) => db.transaction().execute(work),
    changes: () => Number((dataVersion.get() as { data_version: number }).data_version),
    close: () => db.destroy(),
  }
}
