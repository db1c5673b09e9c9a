import { sql } from 'kysely'
import { type Checkpoint, parseCheckpoint } from '../core/ledger/checkpoint.ts'
import { commitsTo, parseEntry } from '../core/ledger/entry.ts'
import { type NoteVerifier, parseNote, parseVkey, signedBy } from '../core/ledger/note.ts'
import { leafHash, nodesOf, rootHash } from '../core/merkle/tree.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Schema } from '../store/schema.ts'
import type { Store } from '../store/store.ts'
import { lookUp } from './tree-rows.ts'

export interface LedgerSummary {
  readonly size: number
  /** Entries whose payload was erased; their proofs still hold. */
  readonly erased: number
  readonly origin: string
}

const PAGE = 1000

type Node = Schema['ledger_node']

/**
 * Recompute everything from the entries' own bytes: each commitment, the tree, its stored nodes, and every signed checkpoint
 * under `vkey`, so that no two of them contradict each other. The error says what was found first. Entries that a running
 * gateway adds meanwhile are left for the next time.
 */
export async function verifyLedger(store: Store, vkey: string): Promise<Result<LedgerSummary, string>> {
  const verifier = parseVkey(vkey)
  if (!verifier.ok) return err('the verifier key cannot be read')
  const heads = await signedHeads(store, verifier.value)
  if (!heads.ok) return heads
  const end = Math.max(0, ...heads.value.keys())
  /** Only the right edge: whatever is complete above it is not asked for again. */
  const edge = new Map<string, Uint8Array>()
  let erased = 0
  for (let size = 0; size < end; ) {
    const made: Node[] = []
    const rows = await entriesFrom(store, size, end)
    if (rows.length === 0) return err(`entry ${size} is missing`)
    for (const row of rows) {
      if (row.idx !== size) return err(`entry ${size} is missing`)
      const fault = entryFault(row)
      if (fault !== undefined) return err(fault)
      if (row.payload === null) erased++
      for (const { level, index, hash } of nodesOf(size, leafHash(row.bytes), lookUp(edge))) {
        made.push({ level, idx: index, hash })
        edge.set(`${level}/${index}`, hash)
        edge.delete(`${level - 1}/${index * 2}`)
        edge.delete(`${level - 1}/${index * 2 + 1}`)
      }
      size++
      const head = heads.value.get(size)
      if (head && !Buffer.from(rootHash(size, lookUp(edge))).equals(head.root))
        return err(`the checkpoint over ${size} entries is not over these`)
    }
    const unlike = await firstUnlike(store, made)
    if (unlike) return err(`node ${unlike} is not what the entries hash to`)
  }
  const beyond = await whatIsBeyond(store)
  return beyond === undefined ? ok({ size: end, erased, origin: verifier.value.name }) : err(beyond)
}

/** Which of `vkeys` signed the newest checkpoint: a ledger is signed by one key. Undefined when none did, or nothing is signed. */
export async function signerOf(store: Store, vkeys: readonly string[]): Promise<string | undefined> {
  const newest = await store.db
    .selectFrom('ledger_checkpoint')
    .select('note')
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  const note = newest && parseNote(newest.note)
  if (!note?.ok) return undefined
  return vkeys.find((vkey) => {
    const verifier = parseVkey(vkey)
    return verifier.ok && signedBy(note.value, verifier.value)
  })
}

/** Every checkpoint that is kept, by size. */
async function signedHeads(
  store: Store,
  verifier: NoteVerifier,
): Promise<Result<ReadonlyMap<number, Checkpoint>, string>> {
  const heads = new Map<number, Checkpoint>()
  for (const { size, note } of await store.db.selectFrom('ledger_checkpoint').selectAll().execute()) {
    const parsed = parseNote(note)
    if (!parsed.ok || !signedBy(parsed.value, verifier))
      return err(`the checkpoint over ${size} entries is not signed by this key`)
    const checkpoint = parseCheckpoint(parsed.value.text)
    if (!checkpoint.ok || checkpoint.value.origin !== verifier.name || checkpoint.value.size !== size)
      return err(`the checkpoint over ${size} entries cannot be read`)
    heads.set(size, checkpoint.value)
  }
  return ok(heads)
}

function entriesFrom(store: Store, from: number, end: number): Promise<Schema['ledger_entry'][]> {
  return store.db
    .selectFrom('ledger_entry')
    .selectAll()
    .where('idx', '>=', from)
    .where('idx', '<', end)
    .orderBy('idx')
    .limit(PAGE)
    .execute()
}

function entryFault({ idx, type, time, bytes, payload, salt }: Schema['ledger_entry']): string | undefined {
  const entry = parseEntry(bytes)
  if (!entry.ok) return `entry ${idx} cannot be read`
  if (entry.value.type !== type || entry.value.time !== time) return `entry ${idx} differs from its columns`
  if (payload === null && salt === null) return undefined
  return payload !== null && salt !== null && commitsTo(entry.value, salt, payload)
    ? undefined
    : `the payload of entry ${idx} is not the one committed to`
}

/** The first of `made` that is stored otherwise, or not at all. */
async function firstUnlike(store: Store, made: readonly Node[]): Promise<string | undefined> {
  for (const level of new Set(made.map((node) => node.level))) {
    const ours = made.filter((node) => node.level === level)
    const stored = await store.db
      .selectFrom('ledger_node')
      .selectAll()
      .where('level', '=', level)
      .where('idx', '>=', ours[0]!.idx)
      .where('idx', '<=', ours.at(-1)!.idx)
      .orderBy('idx')
      .execute()
    for (const [i, { idx, hash }] of ours.entries()) {
      const row = stored[i]
      if (row?.idx !== idx || !Buffer.from(hash).equals(row.hash)) return `${level}/${idx}`
    }
  }
  return undefined
}

/** Entries that no checkpoint covers, or nodes that no entry has: read in one statement, so that a writer cannot come between. */
async function whatIsBeyond(store: Store): Promise<string | undefined> {
  const { rows } = await sql<{ entries: number; covered: number; nodes: number }>`
    select (select coalesce(max(idx) + 1, 0) from ledger_entry) as entries,
      (select coalesce(max(size), 0) from ledger_checkpoint) as covered,
      (select count(*) from ledger_node) as nodes`.execute(store.db)
  const { entries, covered, nodes } = rows[0]!
  if (entries !== covered) return `the checkpoint covers ${covered} of ${entries} entries`
  const expected = 2 * entries - ones(entries)
  return nodes === expected ? undefined : `the tree has ${nodes} nodes instead of ${expected}`
}

/** Of n leaves there are n + n/2 + n/4 ... complete subtrees: 2n less the ones in n's binary form. */
function ones(n: number): number {
  return n.toString(2).replaceAll('0', '').length
}
