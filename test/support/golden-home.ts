import { join } from 'node:path'
import type { Json } from '../../src/core/ledger/canonical-json.ts'
import { parseEntry } from '../../src/core/ledger/entry.ts'
import { loadLedgerKey } from '../../src/ledger/keys.ts'
import type { EntryType } from '../../src/ledger/ledger.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { scratch } from './gateway.ts'
import { golden, type Loose } from './relog.ts'

/** A home whose ledger tells the golden push again under a key of its own. */
export async function goldenHome(): Promise<{ home: string; intent: number; commit: string }> {
  const home = scratch('golden-home')
  const store = await openSqlite(join(home, 'countersign.db'))
  const origin = 'golden.example/ledger'
  let now = 0
  const ledger = openLedger({
    store,
    key: loadLedgerKey(join(home, 'secrets', 'ledger.key')),
    origin,
    now: () => now,
  })
  await store.db.insertInto('setting').values({ key: 'ledger.origin', value: origin }).execute()
  const { bundle } = golden()
  let intent = -1
  let commit = ''
  let account = ''
  for (const { entry, payload } of bundle.entries) {
    const parsed = parseEntry(entry)
    if (!parsed.ok || !payload) throw new Error('the golden bundle cannot be read')
    now = parsed.value.time
    const says = JSON.parse(Buffer.from(payload).toString()) as Loose
    account ||= says.account?.id ?? ''
    if (parsed.value.type === 'outcome') says.intent = intent
    const recorded = await ledger.append({
      type: parsed.value.type as EntryType,
      payload: says as { [key: string]: Json },
      account,
    })
    if (!recorded.ok) throw new Error(recorded.error.say)
    if (parsed.value.type !== 'intent') continue
    intent = recorded.value.index
    commit = says.updates[0].after
  }
  await ledger.close()
  await store.close()
  return { home, intent, commit }
}
