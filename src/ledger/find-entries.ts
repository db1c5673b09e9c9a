import { type Json, parseCanonicalJson } from '../core/ledger/canonical-json.ts'
import type { Store } from '../store/store.ts'
import type { EntryType } from './ledger.ts'

/** An entry as it is stored, and what it says. */
export interface Found {
  readonly idx: number
  readonly bytes: Uint8Array
  readonly payload: Uint8Array | null
  readonly salt: Uint8Array | null
  /** The payload, parsed; undefined after erasure. */
  readonly says: Json | undefined
}

export interface Sought {
  readonly types: readonly EntryType[]
  /** Only entries that are filed under this account. */
  readonly account?: string
  /** Only entries behind, or before, this index. */
  readonly after?: number
  readonly before?: number
  readonly newestFirst?: boolean
}

const PAGE = 200

/** Entries of some types, in the order of the log or against it, read page by page as they are asked for. */
export async function* findEntries(store: Store, sought: Sought): AsyncGenerator<Found> {
  const { types, account, newestFirst = false } = sought
  let { after = -1, before = Number.MAX_SAFE_INTEGER } = sought
  for (;;) {
    let query = store.db
      .selectFrom('ledger_entry')
      .select(['idx', 'bytes', 'payload', 'salt'])
      .where('type', 'in', types)
      .where('idx', '>', after)
      .where('idx', '<', before)
      .orderBy('idx', newestFirst ? 'desc' : 'asc')
      .limit(PAGE)
    if (account !== undefined) query = query.where('account_id', '=', account)
    const page = await query.execute()
    for (const row of page) yield { ...row, says: said(row.payload) }
    if (page.length < PAGE) return
    if (newestFirst) before = page.at(-1)!.idx
    else after = page.at(-1)!.idx
  }
}

/** The first of {@link findEntries} that `matches`. */
export async function findEntry(
  store: Store,
  sought: Sought,
  matches: (found: Found) => boolean = () => true,
): Promise<Found | undefined> {
  for await (const found of findEntries(store, sought)) if (matches(found)) return found
  return undefined
}

function said(payload: Uint8Array | null): Json | undefined {
  return payload === null ? undefined : parseCanonicalJson(Buffer.from(payload).toString('utf8'))
}
