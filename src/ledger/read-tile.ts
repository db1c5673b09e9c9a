import { type TileName, widthIn, writeEntries } from '../core/ledger/tile.ts'
import type { Store } from '../store/store.ts'
import { treeSize } from './tree-rows.ts'

/**
 * A tile of the log's tree, or a bundle of its entries, as C2SP tlog-tiles has them; undefined for one that the tree does not
 * have (yet). What is served once never changes: a partial tile is the beginning of the whole one.
 */
export async function readTile(store: Store, name: TileName): Promise<Buffer | undefined> {
  const { level, index, width } = name
  if (widthIn(await treeSize(store.db), name) < width) return undefined
  const from = index * 256
  if (level === null) {
    const rows = await store.db
      .selectFrom('ledger_entry')
      .select('bytes')
      .where('idx', '>=', from)
      .where('idx', '<', from + width)
      .orderBy('idx')
      .execute()
    return whole(rows, width) && writeEntries(rows.map(({ bytes }) => bytes))
  }
  const rows = await store.db
    .selectFrom('ledger_node')
    .select('hash')
    .where('level', '=', level * 8)
    .where('idx', '>=', from)
    .where('idx', '<', from + width)
    .orderBy('idx')
    .execute()
  return whole(rows, width) && Buffer.concat(rows.map(({ hash }) => hash))
}

function whole(rows: readonly unknown[], width: number): true {
  if (rows.length !== width) throw new Error('the ledger lacks part of a tile')
  return true
}
