/** What the portal shows of the ledger. Reads only. */
export interface LedgerView {
  readonly origin: string
  /** C2SP vkey text of the signing key. */
  readonly vkey: string
  checkpoint(): Promise<{ readonly size: number; readonly note: string }>
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
  /** Members of the payload worth a glance, decoded; null after erasure. */
  readonly summary: string | null
}
