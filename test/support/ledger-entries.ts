import { openStore } from '../../src/open-store.ts'
import { loadSettings } from '../../src/settings.ts'
import type { Store } from '../../src/store/store.ts'

/** What a home keeps, in whichever database. */
export async function storeOf(home: string): Promise<Store> {
  const settings = await loadSettings({ home, port: 0, json: false })
  if (!settings.ok) throw new Error(settings.error)
  return openStore(home, settings.value.database)
}

/** Payloads of all entries of a type in a home's ledger, oldest first. */
export async function ledgerEntries(home: string, type: string): Promise<Record<string, any>[]> {
  const store = await storeOf(home)
  const rows = await store.db
    .selectFrom('ledger_entry')
    .select('payload')
    .where('type', '=', type)
    .orderBy('idx')
    .execute()
  await store.close()
  return rows.map(({ payload }) => JSON.parse(Buffer.from(payload!).toString()) as Record<string, any>)
}
