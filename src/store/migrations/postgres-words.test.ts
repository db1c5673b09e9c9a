import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inPostgresWords } from './postgres-words.ts'

test('columns and the ends of tables are said anew, and nothing else', () => {
  for (const [ours, theirs] of [
    [
      'create table a (id text primary key, n integer not null check (n in (0, 1)), b blob) strict',
      'create table a (id text collate "C" primary key, n bigint not null check (n in (0, 1)), b bytea)',
    ],
    ['create table a (n integer primary key) strict, without rowid', 'create table a (n bigint primary key)'],
    ['alter table a add column context text', 'alter table a add column context text collate "C"'],
    ["create index strict_open on a (n) where n = 'x'", "create index strict_open on a (n) where n = 'x'"],
  ])
    assert.equal(inPostgresWords(ours!), theirs)
})
