import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openRecords, type Records } from '../records.ts'
import { loadSettings, type Settings } from '../settings.ts'
import { openSqlite } from '../store/sqlite/open-sqlite.ts'
import type { Store } from '../store/store.ts'
import { failed, type Printed } from './printed.ts'

const database = (home: string): string => join(home, 'countersign.db')
const noHome = (home: string): Printed =>
  failed(2, `${home} is no home of a gateway; start one there first, or name another with --home`)

/** Open what a home stores and none of its secrets: enough to check a copy of it. */
export async function onStore(home: string, work: (store: Store) => Promise<Printed>): Promise<Printed> {
  if (!existsSync(database(home))) return noHome(home)
  const store = await openSqlite(database(home))
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** Open a home's records for one command; the gateway may be running on it. */
export async function onHost(
  home: string,
  work: (records: Records, settings: Settings) => Promise<Printed>,
): Promise<Printed> {
  if (!existsSync(database(home))) return noHome(home)
  const settings = await loadSettings({ home, port: 0, json: false })
  if (!settings.ok) return failed(2, settings.error)
  const records = await openRecords(home, { limits: settings.value.limits })
  try {
    return await work(records, settings.value)
  } finally {
    await records.close()
  }
}
