import { existsSync } from 'node:fs'
import { err, ok, type Result } from '../core/result.ts'
import { databaseFile, openStore } from '../open-store.ts'
import { openRecords, type Records } from '../records.ts'
import { loadSettings, type Settings } from '../settings.ts'
import type { Store } from '../store/store.ts'
import { failed, type Printed } from './printed.ts'

const noHome = (home: string): Printed =>
  failed(2, `${home} is no home of a gateway; start one there first, or name another with --home`)

/** Open what a home stores and none of its secrets: enough to check a copy of it. */
export async function onStore(home: string, work: (store: Store) => Promise<Printed>): Promise<Printed> {
  const settings = await settingsOf(home)
  if (!settings.ok) return settings.error
  const opened = await tried(() => openStore(home, settings.value?.database ?? null))
  if (!opened.ok) return opened.error
  const store = opened.value
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
  const settings = await loadSettings({ home, port: 0, json: false })
  if (!settings.ok) return failed(2, settings.error)
  const { limits, database } = settings.value
  if (database === null && !existsSync(databaseFile(home))) return noHome(home)
  const opened = await tried(() => openRecords(home, { limits, database }))
  if (!opened.ok) return opened.error
  const records = opened.value
  try {
    return await work(records, settings.value)
  } finally {
    await records.close()
  }
}

/** Of a home with a database file nothing else is read: a copy need not hold more. */
async function settingsOf(home: string): Promise<Result<Settings | undefined, Printed>> {
  if (existsSync(databaseFile(home))) return ok(undefined)
  const settings = await loadSettings({ home, port: 0, json: false })
  if (!settings.ok) return err(failed(2, settings.error))
  return settings.value.database === null ? err(noHome(home)) : ok(settings.value)
}

async function tried<T>(open: () => Promise<T>): Promise<Result<T, Printed>> {
  try {
    return ok(await open())
  } catch (error) {
    return err(failed(2, (error as Error).message))
  }
}
