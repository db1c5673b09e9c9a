import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** An open intent of a change that was signed for the state of its refs keeps everybody else from them. */
export async function exclusiveIntent(db: Kysely<Schema>): Promise<void> {
  await sql
    .raw('alter table intent add column exclusive integer not null default 0 check (exclusive in (0, 1))')
    .execute(db)
}
