import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Tokens for programs. */
export async function apiToken(db: Kysely<Schema>): Promise<void> {
  await sql
    .raw(
      `create table api_token (
        id text primary key,
        secret_hash text not null unique,
        account_id text not null references account (id),
        device_id text not null references device (id),
        name text not null,
        scope text not null,
        created_at integer not null,
        expires_at integer not null,
        revoked_at integer
      ) strict`,
    )
    .execute(db)
  await sql.raw('create index api_token_account on api_token (account_id)').execute(db)
}
