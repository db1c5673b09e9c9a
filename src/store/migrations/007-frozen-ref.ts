import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Refs that nobody moves until an administrator looked at them; and intents that keep a ref of a second repository. */
export async function frozenRef(db: Kysely<Schema>): Promise<void> {
  for (const statement of [
    'alter table intent add column other_repo_id integer',
    `create table frozen_ref (
    repo_id integer not null, part text not null check (part in ('code', 'wiki')), ref text not null, repo_owner text not null,
    repo_name text not null, entry_index integer not null, reason text not null, frozen_at integer not null,
    primary key (repo_id, part, ref)
  ) strict, without rowid`,
  ])
    await sql.raw(statement).execute(db)
}
