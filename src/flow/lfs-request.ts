import type { LfsOperation } from '../core/lfs/object.ts'

/** What a large-file request is for, as far as its head and a small body say. */
export interface LfsRequest {
  readonly operation: LfsOperation
  /** Bytes that are sent, or that a verification speaks of; null where the request says none. */
  readonly size: number | null
  /** SHA-256 in hex; null for a batch. */
  readonly oid: string | null
}
