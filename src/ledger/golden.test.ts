import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { engine } from '../../test/support/engines.ts'
import { parseTrust } from '../core/evidence/trust.ts'
import { verifyBundle } from '../core/evidence/verify-bundle.ts'
import { parseEntry } from '../core/ledger/entry.ts'
import { leafHash, type NodeAt, nodesOf } from '../core/merkle/tree.ts'
import type { Store } from '../store/store.ts'
import { exportBundle } from './export-bundle.ts'
import { verifyLedger } from './verify-ledger.ts'

interface Log {
  readonly vkey: string
  readonly checkpoint: string
  readonly entries: readonly { readonly entry: string; readonly payload: string; readonly salt: string }[]
}

const dir = join(import.meta.dirname, '..', '..', 'vectors', 'bundle')
const read = (version: string, name: string): string => readFileSync(join(dir, version, name), 'utf8')

/** A log of an earlier release, in a store of this one. */
async function restored({ entries, checkpoint }: Log): Promise<{ store: Store; end(): Promise<void> }> {
  const database = await engine.fresh()
  const store = await database.open()
  const nodes = new Map<string, Uint8Array>()
  const at: NodeAt = (level, index) => nodes.get(`${level}/${index}`)!
  await store.transaction(async (write) => {
    for (const [idx, { entry, payload, salt }] of entries.entries()) {
      const bytes = Buffer.from(entry, 'base64')
      const parsed = parseEntry(bytes)
      assert.ok(parsed.ok)
      const { type, time } = parsed.value
      const says = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
        [key: string]: { [key: string]: string }
      }
      // An outcome names its intent, which names the account.
      const account =
        says['account']?.['id'] ?? says['actor']?.['account'] ?? (type === 'outcome' ? owner(entries) : null)
      await write
        .insertInto('ledger_entry')
        .values({
          idx,
          type,
          time,
          bytes,
          payload: Buffer.from(payload, 'base64'),
          salt: Buffer.from(salt, 'base64'),
          account_id: account ?? null,
          repo_id: null,
        })
        .execute()
      for (const { level, index, hash } of nodesOf(idx, leafHash(bytes), at)) {
        nodes.set(`${level}/${index}`, hash)
        await write.insertInto('ledger_node').values({ level, idx: index, hash }).execute()
      }
    }
    await write.insertInto('ledger_checkpoint').values({ size: entries.length, note: checkpoint }).execute()
  })
  return {
    store,
    async end() {
      await store.close()
      await database.remove()
    },
  }
}

function owner(entries: Log['entries']): string | undefined {
  const all = entries.map(
    ({ payload }) => JSON.parse(Buffer.from(payload, 'base64').toString()) as { actor?: { account: string } },
  )
  return all.find(({ actor }) => actor)?.actor?.account
}

for (const version of readdirSync(dir).filter((name) => /^v\d+$/.test(name))) {
  test(`a log of format ${version} verifies, and gives the same evidence`, async () => {
    const log = JSON.parse(read(version, 'log.json')) as Log
    const { store, end } = await restored(log)
    try {
      const verified = await verifyLedger(store, log.vkey)
      assert.deepEqual(verified.ok && verified.value.size, log.entries.length, JSON.stringify(verified))
      const intent = log.entries.findLastIndex(({ entry }) =>
        Buffer.from(entry, 'base64').includes('"intent"'),
      )
      const says = JSON.parse(Buffer.from(log.entries[intent]!.payload, 'base64').toString()) as {
        updates: { after: string }[]
      }
      const trust = parseTrust(read(version, 'trust.json'))
      assert.ok(trust.ok)
      for (const subject of [`${intent}`, says.updates[0]!.after]) {
        const bundle = await exportBundle(store, log.vkey, subject)
        assert.ok(bundle.ok)
        assert.equal(bundle.value.subject, intent)
        assert.equal(verifyBundle(bundle.value, trust.value).verdict, 'trusted')
      }
    } finally {
      await end()
    }
  })
}
