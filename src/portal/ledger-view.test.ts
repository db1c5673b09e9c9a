import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fakeIdentity } from '../../test/e2e/pages/fake-identity.ts'
import { ed25519PrivateKey } from '../core/crypto.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { openSqlite } from '../store/sqlite/open-sqlite.ts'
import { createLedgerView } from './ledger-view.ts'

test('entries of one account or of all, newest first, with the signed note as it stands', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ledger-view-'))
  const store = await openSqlite(join(dir, 'store.db'))
  const ledger = openLedger({
    store,
    key: ed25519PrivateKey(Buffer.alloc(32, 1)),
    origin: 'test.example/ledger',
    now: () => 7,
  })
  const identity = fakeIdentity(() => 0)
  const view = createLedgerView({ ledger, store, identity })
  const alice = identity.seedAccount({ name: 'alice' })
  await ledger.append({ type: 'gateway.start', payload: { n: 1 } })
  await ledger.append({
    type: 'intent',
    account: alice.id,
    payload: { repo: { id: 1, owner: 'acme', name: 'app' } },
  })
  await ledger.append({ type: 'session.open', account: 'gone', payload: { door: 'portal' } })
  await store.transaction((write) =>
    write.updateTable('ledger_entry').set({ payload: null, salt: null }).where('idx', '=', 2).execute(),
  )

  const all = await view.recent(null, 2)
  assert.deepEqual(all, [
    { index: 2, type: 'session.open', time: 7, account: null, summary: null },
    { index: 1, type: 'intent', time: 7, account: 'alice', summary: 'acme/app' },
  ])
  assert.deepEqual(
    (await view.recent(alice.id, 50)).map(({ index }) => index),
    [1],
  )
  const { size, note } = await view.checkpoint()
  assert.equal(size, 3)
  assert.match(note, /^test\.example\/ledger\n3\n/)
  assert.equal(view.vkey, ledger.vkey)
  await ledger.close()
  await store.close()
  rmSync(dir, { recursive: true, force: true })
})
