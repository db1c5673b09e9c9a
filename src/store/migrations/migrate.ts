import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'
import { initial } from './001-initial.ts'

/** In order, and never edited once released. */
const MIGRATIONS: readonly ((db: Kysely<Schema>) => Promise<void>)[] = [initial]

/** The database was written by a later release. */
export class NewerDatabase extends Error {
  readonly code = 'newer-database'
}

/** Apply what is missing, each step in a transaction with its number, so that a crash leaves no half of one. */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  await sql`create table if not exists migration (number integer primary key) strict`.execute(db)
  const { rows } = await sql<{ last: number | null }>`select max(number) as last from migration`.execute(db)
  const done = rows[0]?.last ?? 0
  if (done > MIGRATIONS.length)
    throw new NewerDatabase(`the database is at migration ${done}, this release knows ${MIGRATIONS.length}`)
  for (let number = done + 1; number <= MIGRATIONS.length; number++) {
    await db.transaction().execute(async (write) => {
      await MIGRATIONS[number - 1]!(write)
      await sql`insert into migration (number) values (${number})`.execute(write)
    })
  }
}
