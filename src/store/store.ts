import type { Kysely, Transaction } from 'kysely'
import type { Schema } from './schema.ts'

export type Database = Kysely<Schema>
export type Write = Transaction<Schema>

/**
 * Where everything that must survive is kept. An engine promises:
 * - `transaction` runs `work` alone among writers; when it resolves, the changes are on disk (fsync), and when `work`
 *   throws, nothing of it is. It is not retried here.
 * - reads through `db` see committed state only.
 * - `changes()` grows when *another process* committed something; the caller then reads its caches anew.
 */
export interface Store {
  readonly db: Database
  transaction<T>(work: (write: Write) => Promise<T>): Promise<T>
  changes(): number
  close(): Promise<void>
}
