import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Every table of schema.ts. */
export async function initial(db: Kysely<Schema>): Promise<void> {
  for (const statement of TABLES) await sql.raw(statement).execute(db)
}

const TABLES = [
  `create table account (
    id text primary key, name text not null, name_folded text not null unique, email text not null, forge_id integer not null unique,
    admin integer not null check (admin in (0, 1)), state text not null check (state in ('active', 'disabled')), created_at integer not null
  ) strict`,
  `create table device (
    id text primary key, account_id text not null references account (id), kind text not null check (kind in ('webauthn', 'ssh-sk')),
    name text not null, state text not null check (state in ('active', 'suspended', 'revoked')), credential text not null,
    public_key blob not null, counter integer not null, backup_eligible integer not null check (backup_eligible in (0, 1)),
    transports text not null, enrolled_by text not null, created_at integer not null, last_used_at integer, unique (kind, credential)
  ) strict`,
  `create table invitation (
    id text primary key, secret_hash text not null unique, account_id text not null references account (id),
    kind text not null check (kind in ('invitation', 'recovery')), created_by text not null, created_at integer not null,
    expires_at integer not null, used_at integer
  ) strict`,
  `create table session (
    id text primary key, secret_hash text not null unique, door text not null check (door in ('portal', 'forge')),
    parent_id text references session (id) on delete cascade, account_id text not null references account (id),
    device_id text not null references device (id), user_agent text not null, created_at integer not null, last_seen_at integer not null,
    expires_at integer not null, uv integer not null check (uv in (0, 1))
  ) strict`,
  `create table git_password (
    id text primary key, secret_hash text not null unique, account_id text not null references account (id),
    device_id text not null references device (id), created_at integer not null, expires_at integer not null, revoked_at integer
  ) strict`,
  'create table used_nonce (nonce text primary key, forget_at integer not null) strict',
  `create table intent (
    id text primary key, entry_index integer not null unique, state text not null check (state in ('open', 'settled')),
    account_id text not null, repo_id integer not null, repo_owner text not null, repo_name text not null,
    part text not null check (part in ('code', 'wiki')), updates text not null, created_at integer not null
  ) strict`,
  `create table ledger_entry (
    idx integer primary key, type text not null, time integer not null, bytes blob not null, payload blob, salt blob,
    account_id text, repo_id integer
  ) strict`,
  'create table ledger_node (level integer not null, idx integer not null, hash blob not null, primary key (level, idx)) strict, without rowid',
  'create table ledger_checkpoint (size integer primary key, note text not null) strict',
  'create table setting (key text primary key, value text not null) strict, without rowid',
  "create index intent_open on intent (state) where state = 'open'",
  'create index ledger_entry_account on ledger_entry (account_id, idx)',
  'create index ledger_entry_repo on ledger_entry (repo_id, idx)',
  'create index session_account on session (account_id)',
  'create index device_account on device (account_id)',
]
