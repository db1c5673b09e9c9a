import { accountId } from '../core/identity.ts'
import type { TileName } from '../core/ledger/tile.ts'
import type { Identity } from '../identity/identity.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { readTile } from '../ledger/read-tile.ts'
import type { Store } from '../store/store.ts'
import { glance } from './glance.ts'

/** What the portal shows of the ledger. Reads only. */
export interface LedgerView {
  /** C2SP vkey text of the signing key. */
  readonly vkey: string
  /** The newest checkpoint: its size, and the signed note as it stands. */
  checkpoint(): Promise<{ readonly size: number; readonly note: string }>
  /** A tile of its tree, or a bundle of its entries; undefined for one that it does not have. */
  tile(name: TileName): Promise<Uint8Array | undefined>
  /** Newest first. `account` null: of everybody. */
  recent(account: string | null, limit: number): Promise<readonly LedgerRow[]>
}

export interface LedgerRow {
  readonly index: number
  readonly type: string
  /** Unix ms. */
  readonly time: number
  /** Login name of the account the entry is about, when it is about one. */
  readonly account: string | null
  /** What the payload is about, in a line; null after erasure. */
  readonly summary: string | null
}

export function createLedgerView(deps: { ledger: Ledger; store: Store; identity: Identity }): LedgerView {
  const { ledger, store, identity } = deps
  return {
    vkey: ledger.vkey,
    tile: (name) => readTile(store, name),
    async checkpoint() {
      const row = await store.db
        .selectFrom('ledger_checkpoint')
        .selectAll()
        .orderBy('size', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row ?? { size: 0, note: '' }
    },
    async recent(account, limit) {
      const newest = store.db
        .selectFrom('ledger_entry')
        .select(['idx', 'type', 'time', 'account_id', 'payload'])
        .orderBy('idx', 'desc')
        .limit(limit)
      const rows = await (account === null ? newest : newest.where('account_id', '=', account)).execute()
      return rows.map(({ idx, type, time, account_id, payload }) => ({
        index: idx,
        type,
        time,
        account: account_id === null ? null : (identity.account(accountId(account_id))?.name ?? null),
        summary: payload === null ? null : (glance(payload) ?? null),
      }))
    },
  }
}
