import { sql } from 'kysely'
import { type PrivateKey, randomBytes } from '../core/crypto.ts'
import { canonicalJson } from '../core/ledger/canonical-json.ts'
import { type Checkpoint, parseCheckpoint, writeCheckpoint } from '../core/ledger/checkpoint.ts'
import { commitment, SALT_BYTES, writeEntry } from '../core/ledger/entry.ts'
import { parseNote, signNote, writeVkey } from '../core/ledger/note.ts'
import { leafHash, nodesOf, rootHash } from '../core/merkle/tree.ts'
import type { Refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Schema } from '../store/schema.ts'
import type { Store, Write } from '../store/store.ts'
import type { Ledger, LedgerRecord, Recorded } from './ledger.ts'
import { lookUp, rightEdge, treeSize } from './tree-rows.ts'

/** Entries that share one commit at most; the rest wait for the next. */
const BATCH = 256

interface Waiting {
  readonly record: LedgerRecord
  readonly payload: Uint8Array
  readonly guard: ((write: Write, at: Recorded) => Promise<Refusal | undefined>) | undefined
  resolve(result: Result<Recorded, Refusal>): void
  reject(error: unknown): void
}

/** An entry of a batch and the nodes that it completes: rows that are written together, at the end. */
interface Placed {
  readonly entry: Schema['ledger_entry']
  readonly added: readonly Schema['ledger_node'][]
}

/** What became of one entry of a batch; told to its caller once the batch is on disk. */
type Fate = { readonly result: Result<Recorded, Refusal> } | { readonly threw: unknown }

/** Open the log in `store`, signing as `origin` with `key`. `now` is unix ms. See {@link Ledger} for the contract. */
export function openLedger(deps: {
  store: Store
  key: PrivateKey
  origin: string
  now: () => number
}): Ledger {
  const { store, key, origin, now } = deps
  const queue: Waiting[] = []
  let writing: Promise<void> | undefined
  let closed = false

  /** One transaction, one fsync, one checkpoint for everything that waits. */
  async function writeBatch(): Promise<void> {
    const batch = queue.splice(0, BATCH)
    const fates: Fate[] = []
    try {
      await store.transaction(async (write) => {
        // Read anew each time: the host's command line appends to the same log.
        const before = await treeSize(write)
        const nodes = await rightEdge(write, before)
        const placed: Placed[] = []
        for (const waiting of batch) fates.push(await placeOne(write, nodes, before, placed, waiting))
        if (placed.length === 0) return
        await write
          .insertInto('ledger_entry')
          .values(placed.map(({ entry }) => entry))
          .execute()
        await write
          .insertInto('ledger_node')
          .values(placed.flatMap(({ added }) => added))
          .execute()
        await sign(write, before + placed.length, nodes)
      })
    } catch (error) {
      for (const { reject } of batch) reject(error)
      return
    }
    for (const [i, { resolve, reject }] of batch.entries()) {
      const fate = fates[i]!
      if ('threw' in fate) reject(fate.threw)
      else resolve(fate.result)
    }
  }

  async function placeOne(
    write: Write,
    nodes: Map<string, Uint8Array>,
    before: number,
    placed: Placed[],
    { record, payload, guard }: Waiting,
  ): Promise<Fate> {
    const index = before + placed.length
    const at: Recorded = { index, time: now() }
    const stopped = guard && (await guarded(write, () => guard(write, at)))
    if (stopped) return stopped
    const salt = randomBytes(SALT_BYTES)
    const bytes = writeEntry({ type: record.type, time: at.time, commit: commitment(salt, payload) })
    const entry = {
      idx: index,
      type: record.type,
      time: at.time,
      bytes,
      payload,
      salt,
      account_id: record.account ?? null,
      repo_id: record.repo ?? null,
    }
    const added = nodesOf(index, leafHash(bytes), lookUp(nodes))
    for (const node of added) nodes.set(`${node.level}/${node.index}`, node.hash)
    placed.push({
      entry,
      added: added.map((node) => ({ level: node.level, idx: node.index, hash: node.hash })),
    })
    return { result: ok(at) }
  }

  async function sign(write: Write, size: number, nodes: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const note = signNote(writeCheckpoint({ origin, size, root: rootHash(size, lookUp(nodes)) }), origin, key)
    await write.insertInto('ledger_checkpoint').values({ size, note }).execute()
    // The newest few are enough: each covers all before it.
    await write
      .deleteFrom('ledger_checkpoint')
      .where('size', '<', size - 1000)
      .execute()
  }

  async function writeAll(): Promise<void> {
    // Let what arrives in this turn of the loop share the first batch.
    await Promise.resolve()
    while (queue.length > 0) await writeBatch()
    writing = undefined
  }

  return {
    origin,
    vkey: writeVkey(origin, key),
    append(record, guard) {
      if (closed) return Promise.reject(new Error('the ledger is closed'))
      return new Promise((resolve, reject) => {
        // A payload that has no canonical form ends here, and concerns no other entry of the batch.
        const payload = Buffer.from(canonicalJson(record.payload))
        queue.push({ record, payload, guard, resolve, reject })
        writing ??= writeAll()
      })
    },
    checkpoint: () => latestCheckpoint(store),
    async close() {
      closed = true
      await writing
    },
  }
}

/** Run a guard inside a savepoint: when it refuses or throws, nothing it wrote remains, and the batch goes on. */
async function guarded(write: Write, guard: () => Promise<Refusal | undefined>): Promise<Fate | undefined> {
  await sql`savepoint guard`.execute(write)
  let stopped: Fate | undefined
  try {
    const refused = await guard()
    stopped = refused && { result: err(refused) }
  } catch (threw) {
    stopped = { threw }
  }
  // When the store itself failed, the savepoint is gone with the transaction, and the whole batch ends here.
  if (stopped) await sql`rollback to guard`.execute(write)
  await sql`release guard`.execute(write)
  return stopped
}

/** The newest signed checkpoint's note. */
export async function latestNote(store: Store): Promise<string | undefined> {
  const row = await store.db
    .selectFrom('ledger_checkpoint')
    .select('note')
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.note
}

async function latestCheckpoint(store: Store): Promise<Checkpoint> {
  const note = await latestNote(store)
  const parsed = note === undefined ? undefined : parseNote(note)
  const checkpoint = parsed?.ok ? parseCheckpoint(parsed.value.text) : undefined
  if (!checkpoint?.ok) throw new Error('the ledger has no checkpoint that can be read')
  return checkpoint.value
}
