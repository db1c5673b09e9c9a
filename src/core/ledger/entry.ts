import { constantTimeEqual, sha256 } from '../crypto.ts'
import { err, ok, type Result } from '../result.ts'
import { canonicalJson, parseCanonicalJson } from './canonical-json.ts'

// An entry as it is hashed into the tree: canonical JSON with exactly these members (docs/formats/ledger-entry.md),
//   {"commit":<64 hex>,"time":<RFC 3339, UTC, ms>,"type":<word>,"v":1}
// `commit` is sha256(salt || payload). Payload and salt are stored beside the log and can be erased; the proofs stay.

/** C2SP tlog-tiles: an entry in a bundle has a 16-bit length. */
export const MAX_ENTRY = 65_535
export const SALT_BYTES = 32

export interface Entry {
  readonly type: string
  /** Unix ms. */
  readonly time: number
  /** sha256 over salt and payload, hex. */
  readonly commit: string
}

export function writeEntry({ type, time, commit }: Entry): Buffer {
  return Buffer.from(canonicalJson({ v: 1, type, time: new Date(time).toISOString(), commit }))
}

export function parseEntry(bytes: Uint8Array): Result<Entry, 'malformed'> {
  if (bytes.length > MAX_ENTRY) return err('malformed')
  const value = parseCanonicalJson(Buffer.from(bytes).toString('utf8')) // attacker-controlled
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return err('malformed')
  const { v, type, time, commit, ...others } = value as { [key: string]: unknown }
  if (v !== 1 || Object.keys(others).length > 0) return err('malformed')
  if (typeof type !== 'string' || !/^[a-z]+(?:[.-][a-z]+)*$/.test(type)) return err('malformed')
  if (typeof commit !== 'string' || !/^[0-9a-f]{64}$/.test(commit)) return err('malformed')
  if (typeof time !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time))
    return err('malformed')
  const ms = Date.parse(time)
  return Number.isNaN(ms) || new Date(ms).toISOString() !== time
    ? err('malformed')
    : ok({ type, time: ms, commit })
}

export function commitment(salt: Uint8Array, payload: Uint8Array): string {
  return sha256(salt, payload).toString('hex')
}

/** Whether this payload, under this salt, is what the entry committed to. */
export function commitsTo({ commit }: Entry, salt: Uint8Array, payload: Uint8Array): boolean {
  return (
    salt.length === SALT_BYTES &&
    constantTimeEqual(Buffer.from(commitment(salt, payload)), Buffer.from(commit))
  )
}
