import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPostgres } from '../../src/store/postgres/open-postgres.ts'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { databaseUrl, sharedServer } from './postgres.ts'

/** A database that does not exist yet; `open` may be called again, for a second process on it. */
export interface Fresh {
  open(): Promise<Store>
  remove(): Promise<void>
}

export interface Engine {
  readonly name: 'sqlite' | 'postgres'
  fresh(): Promise<Fresh>
}

export const ENGINES: readonly Engine[] = [
  {
    name: 'sqlite',
    async fresh() {
      const dir = mkdtempSync(join(tmpdir(), 'store-'))
      return {
        open: () => openSqlite(join(dir, 'x.db')),
        remove: async () => rmSync(dir, { recursive: true, force: true }),
      }
    },
  },
  {
    name: 'postgres',
    async fresh() {
      const url = await (await sharedServer()).createDatabase()
      return {
        open: () => openPostgres(databaseUrl(url)),
        remove: async () => {}, // dropping one costs a checkpoint; all go with the server
      }
    },
  },
]

/** What suites beside the code run on: SQLite, or what `COUNTERSIGN_TEST_ENGINE` names. */
export const engine: Engine =
  ENGINES.find(({ name }) => name === process.env['COUNTERSIGN_TEST_ENGINE']) ?? ENGINES[0]!
