import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Git passwords end with the session in which they were asked for; those from before belong to none. */
export async function passwordSession(db: Kysely<Schema>): Promise<void> {
  await sql.raw('alter table git_password add column session_id text').execute(db)
}
