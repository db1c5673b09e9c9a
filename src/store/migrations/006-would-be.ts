import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** What enforcement would have asked for or refused, counted by day. */
export async function wouldBe(db: Kysely<Schema>): Promise<void> {
  await sql
    .raw(
      `create table would_be (
    day text not null, account_id text not null, verb text not null, place text not null,
    decision text not null check (decision in ('challenge', 'deny')), policies text not null, say text not null,
    uv integer not null check (uv in (0, 1)), people integer not null, times integer not null, last_at integer not null, entry_index integer not null,
    primary key (day, account_id, verb, place, decision)
  ) strict`,
    )
    .execute(db)
}
