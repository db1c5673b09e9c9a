import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseUrl } from './core/database-url.ts'
import { writePrivateFile } from './files/private-file.ts'
import { openSqlite } from './store/sqlite/open-sqlite.ts'
import type { Store } from './store/store.ts'

export const databaseFile = (home: string): string => join(home, 'countersign.db')
/** Says that a home's records are elsewhere, so that a lost line of countersign.yaml begins no second log under the same key. */
const elsewhere = (home: string): string => join(home, 'records-in-postgres')

/**
 * Open what a home keeps: a file in it, or the PostgreSQL that its countersign.yaml names. Which of the two is settled by the
 * first start. `gateway`: as the only gateway on a PostgreSQL; of a file, the lock on the home sees to that.
 */
export async function openStore(
  home: string,
  database: DatabaseUrl | null,
  gateway?: { onLost: (why: string) => void },
): Promise<Store> {
  if (database === null) {
    if (existsSync(elsewhere(home)))
      throw new Error(
        `the records of ${home} are in PostgreSQL: put \`database:\` back into its countersign.yaml`,
      )
    return openSqlite(databaseFile(home))
  }
  if (existsSync(databaseFile(home)))
    throw new Error(
      `the records of ${home} are in its countersign.db: naming a PostgreSQL does not move them there`,
    )
  // Loaded only where it is used.
  const { openPostgres } = await import('./store/postgres/open-postgres.ts')
  const store = await openPostgres(database, gateway && { gateway })
  if (!existsSync(elsewhere(home))) writePrivateFile(elsewhere(home), `${database}\n`)
  return store
}
