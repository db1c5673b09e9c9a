import type { Json } from '../ledger/canonical-json.ts'
import { parseCanonicalJson } from '../ledger/canonical-json.ts'
import { commitsTo, type Entry, parseEntry } from '../ledger/entry.ts'
import { leafHash, rootFromInclusion } from '../merkle/tree.ts'
import { err, ok, type Result } from '../result.ts'
import type { BundledEntry } from './bundle.ts'

/** An entry that was shown to be in the tree, and what it says. */
export interface Proven {
  readonly index: number
  readonly entry: Entry
  /** Undefined after erasure. */
  readonly payload: { readonly [key: string]: Json } | undefined
}

/** Inclusion under `root`, then the payload's commitment: what the gateway wrote, and nothing else. */
export function proveEntry(
  { index, entry, payload, salt, proof }: BundledEntry,
  size: number,
  root: Uint8Array,
): Result<Proven, string> {
  const reached = rootFromInclusion(index, size, leafHash(entry), proof)
  if (!reached || !Buffer.from(reached).equals(root)) return err(`entry ${index} is not in the signed tree`)
  const parsed = parseEntry(entry)
  if (!parsed.ok) return err(`entry ${index} cannot be read`)
  if (payload === null || salt === null) return ok({ index, entry: parsed.value, payload: undefined })
  if (!commitsTo(parsed.value, salt, payload))
    return err(`the payload of entry ${index} is not the one committed to`)
  const value = parseCanonicalJson(Buffer.from(payload).toString('utf8'))
  if (value === undefined || value === null || typeof value !== 'object' || Array.isArray(value))
    return err(`the payload of entry ${index} cannot be read`)
  return ok({ index, entry: parsed.value, payload: value as { readonly [key: string]: Json } })
}

/** A member by path, e.g. `at(payload, 'device', 'id')`; undefined where there is none. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let here: Json | undefined = value
  for (const step of path) {
    if (here === null || typeof here !== 'object') return undefined
    here = Object.hasOwn(here, step) ? (here as { [key: string | number]: Json })[step] : undefined
  }
  return here
}

export function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Texts of a list, for showing. */
export function list(value: Json | undefined): string {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string').join('; ') : '?'
}
