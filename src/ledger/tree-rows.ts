import type { NodeAt } from '../core/merkle/tree.ts'
import { rootNodes } from '../core/merkle/tree.ts'
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
  const nodes = new Map<string, Uint8Array>()
  for (const { level, index } of rootNodes(size)) {
    if (size === 0) break
    const row = await db
      .selectFrom('ledger_node')
      .select('hash')
      .where('level', '=', level)
      .where('idx', '=', index)
      .executeTakeFirstOrThrow()
    nodes.set(`${level}/${index}`, row.hash)
  }
  return nodes
}

/** All nodes, for proofs over a log of moderate size. */
export async function allNodes(db: Database, size: number): Promise<NodeAt> {
  const rows = await db.selectFrom('ledger_node').selectAll().execute()
  const nodes = new Map(
    rows
      .filter(({ level, idx }) => (idx + 1) * 2 ** level <= size)
      .map(({ level, idx, hash }) => [`${level}/${idx}`, hash]),
  )
  return lookUp(nodes)
}

export function lookUp(nodes: ReadonlyMap<string, Uint8Array>): NodeAt {
  return (level, index) => {
    const hash = nodes.get(`${level}/${index}`)
    if (!hash) throw new Error(`the ledger lacks node ${level}/${index}`)
    return hash
  }
}
