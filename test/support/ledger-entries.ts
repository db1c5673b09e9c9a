import { join } from 'node:path'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'

/** Payloads of all entries of a type in a home's ledger, oldest first. */
export async function ledgerEntries(home: string, type: string): Promise<Record<string, any>[]> {
  const store = await openSqlite(join(home, 'countersign.db'))
  const rows = await store.db
    .selectFrom('ledger_entry')
    .select('payload')
    .where('type', '=', type)
    .orderBy('idx')
    .execute()
  await store.close()
  return rows.map(({ payload }) => JSON.parse(Buffer.from(payload!).toString()) as Record<string, any>)
}
