import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ed25519Raw } from '../core/crypto.ts'
import { loadLedgerKey } from './keys.ts'

const home = mkdtempSync(join(tmpdir(), 'ledger-key-'))
after(() => rmSync(home, { recursive: true }))

test('made once, private to its owner, and the same ever after', () => {
  const path = join(home, 'secrets', 'ledger.key')
  const made = ed25519Raw(loadLedgerKey(path))
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(join(home, 'secrets')).mode & 0o777, 0o700)
  assert.deepEqual(ed25519Raw(loadLedgerKey(path)), made)
})

test('a key file that holds no seed stops the start, and its content is not shown', () => {
  const path = join(home, 'longer.key')
  writeFileSync(path, `${'ab'.repeat(33)}\n`)
  assert.throws(() => loadLedgerKey(path), /is not a secret of 32 bytes in hex$/)
})
