import { parseCheckpoint } from '../core/ledger/checkpoint.ts'
import { commitsTo, parseEntry } from '../core/ledger/entry.ts'
import { parseNote, parseVkey, signedBy } from '../core/ledger/note.ts'
import { leafHash, nodesOf, rootHash } from '../core/merkle/tree.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Store } from '../store/store.ts'
import { latestNote } from './open-ledger.ts'
import { lookUp } from './tree-rows.ts'

export interface LedgerSummary {
  readonly size: number
  /** Entries whose payload was erased; their proofs still hold. */
  readonly erased: number
  readonly origin: string
}

const PAGE = 1000

/**
 * Recompute everything from the entries' own bytes: the tree, its stored nodes, each commitment, and the signed checkpoint
 * under `vkey`. The error says what was found first.
 */
export async function verifyLedger(store: Store, vkey: string): Promise<Result<LedgerSummary, string>> {
  const verifier = parseVkey(vkey)
  if (!verifier.ok) return err('the verifier key cannot be read')
  const nodes = new Map<string, Uint8Array>()
  let size = 0
  let erased = 0
  for (;;) {
    const rows = await store.db
      .selectFrom('ledger_entry')
      .selectAll()
      .where('idx', '>=', size)
      .orderBy('idx')
      .limit(PAGE)
      .execute()
    if (rows.length === 0) break
    for (const row of rows) {
      if (row.idx !== size) return err(`entry ${size} is missing`)
      const entry = parseEntry(row.bytes)
      if (!entry.ok) return err(`entry ${size} cannot be read`)
      if (entry.value.type !== row.type || entry.value.time !== row.time)
        return err(`entry ${size} differs from its columns`)
      if (row.payload === null || row.salt === null) erased++
      else if (!commitsTo(entry.value, row.salt, row.payload))
        return err(`the payload of entry ${size} is not the one committed to`)
      for (const { level, index, hash } of nodesOf(size, leafHash(row.bytes), lookUp(nodes)))
        nodes.set(`${level}/${index}`, hash)
      size++
    }
  }
  const stored = await store.db.selectFrom('ledger_node').selectAll().execute()
  if (stored.length !== nodes.size) return err(`the tree has ${stored.length} nodes instead of ${nodes.size}`)
  for (const { level, idx, hash } of stored) {
    const expected = nodes.get(`${level}/${idx}`)
    if (!expected || !Buffer.from(expected).equals(hash))
      return err(`node ${level}/${idx} is not what the entries hash to`)
  }
  const text = await latestNote(store)
  if (text === undefined)
    return size === 0 ? ok({ size, erased, origin: verifier.value.name }) : err('there is no checkpoint')
  const note = parseNote(text)
  if (!note.ok || !signedBy(note.value, verifier.value))
    return err('the checkpoint is not signed by this key')
  const checkpoint = parseCheckpoint(note.value.text)
  if (!checkpoint.ok || checkpoint.value.origin !== verifier.value.name)
    return err('the checkpoint cannot be read')
  if (checkpoint.value.size !== size)
    return err(`the checkpoint covers ${checkpoint.value.size} of ${size} entries`)
  if (!Buffer.from(rootHash(size, lookUp(nodes))).equals(checkpoint.value.root))
    return err('the checkpoint is not over these entries')
  return ok({ size, erased, origin: checkpoint.value.origin })
}
