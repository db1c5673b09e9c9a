import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openRecords, type Records } from '../records.ts'
import { loadSettings, type Settings } from '../settings.ts'
import { failed, type Printed } from './printed.ts'

/** Open a home's records for one command; the gateway may be running on it. */
export async function onHost(
  home: string,
  work: (records: Records, settings: Settings) => Promise<Printed>,
): Promise<Printed> {
  if (!existsSync(join(home, 'countersign.db')))
    return failed(2, `${home} is no home of a gateway; start one there first, or name another with --home`)
  const settings = await loadSettings({ home, port: 0, json: false })
  if (!settings.ok) return failed(2, settings.error)
  const records = await openRecords(home, { limits: settings.value.limits })
  try {
    return await work(records, settings.value)
  } finally {
    await records.close()
  }
}
