import { type NodeAt, rootHash } from '../core/merkle/tree.ts'
import type { Database, Write } from '../store/store.ts'

/** Number of entries in the log. */
export async function treeSize(db: Database | Write): Promise<number> {
  const last = await db
    .selectFrom('ledger_entry')
    .select('idx')
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last === undefined ? 0 : last.idx + 1
}

/** The right edge of a tree: what appending to it, and hashing its root, ask for. */
export async function rightEdge(db: Database | Write, size: number): Promise<Map<string, Uint8Array>> {
  return nodesFor(db, (at) => rootHash(size, at))
}

/** Exactly the nodes that `ask` asks for: some tens for a proof, however large the log is. */
export async function nodesFor(
  db: Database | Write,
  ask: (at: NodeAt) => unknown,
): Promise<Map<string, Uint8Array>> {
  const wanted: [level: number, index: number][] = []
  ask((level, index) => {
    wanted.push([level, index])
    return UNKNOWN
  })
  if (wanted.length === 0) return new Map()
  const rows = await db
    .selectFrom('ledger_node')
    .selectAll()
    .where((row) => row.or(wanted.map(([level, idx]) => row.and({ level, idx }))))
    .execute()
  const nodes = new Map(rows.map(({ level, idx, hash }) => [`${level}/${idx}`, hash]))
  for (const [level, index] of wanted) lookUp(nodes)(level, index)
  return nodes
}

const UNKNOWN = new Uint8Array(32)

export function lookUp(nodes: ReadonlyMap<string, Uint8Array>): NodeAt {
  return (level, index) => {
    const hash = nodes.get(`${level}/${index}`)
    if (!hash) throw new Error(`the ledger lacks node ${level}/${index}`)
    return hash
  }
}
