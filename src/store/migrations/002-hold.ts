import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Held pushes whose end is not on record yet. */
export async function hold(db: Kysely<Schema>): Promise<void> {
  await sql
    .raw(
      `create table hold (
    entry_index integer primary key, account_id text not null, repo_id integer not null, created_at integer not null
  ) strict`,
    )
    .execute(db)
}
