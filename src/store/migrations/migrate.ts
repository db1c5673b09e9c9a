import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'
import { initial } from './001-initial.ts'
import { hold } from './002-hold.ts'
import { passwordSession } from './003-password-session.ts'
import { exclusiveIntent } from './004-exclusive-intent.ts'
import { apiToken } from './005-api-token.ts'
import { wouldBe } from './006-would-be.ts'
import { frozenRef } from './007-frozen-ref.ts'

/** In order, and never edited once released. */
const MIGRATIONS: readonly ((db: Kysely<Schema>) => Promise<void>)[] = [
  initial,
  hold,
  passwordSession,
  exclusiveIntent,
  apiToken,
  wouldBe,
  frozenRef,
]

/** The database was written by a later release. */
export class NewerDatabase extends Error {
  readonly code = 'newer-database'
}

/** Apply what is missing, all in one transaction: a crash leaves no half of it, and of two processes one does it. */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  await db.transaction().execute(async (write) => {
    await sql`create table if not exists migration (number integer primary key) strict`.execute(write)
    const { rows } = await sql<{ last: number | null }>`select max(number) as last from migration`.execute(
      write,
    )
    const done = rows[0]?.last ?? 0
    if (done > MIGRATIONS.length)
      throw new NewerDatabase(`the database is at migration ${done}, this release knows ${MIGRATIONS.length}`)
    for (let number = done + 1; number <= MIGRATIONS.length; number++) {
      await MIGRATIONS[number - 1]!(write)
      await sql`insert into migration (number) values (${number})`.execute(write)
    }
  })
}
