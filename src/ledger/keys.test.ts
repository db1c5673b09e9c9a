import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
  assert.deepEqual(readdirSync(join(home, 'secrets')), ['ledger.key'])
  assert.deepEqual(ed25519Raw(loadLedgerKey(path)), made)
})

test('what an interrupted start left aside is not used, nor its mode', () => {
  const path = join(home, 'interrupted.key')
  writeFileSync(`${path}.new`, '00', { mode: 0o644 })
  loadLedgerKey(path)
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

for (const [name, text] of [
  ['empty', ''],
  ['short', 'ab\n'],
  ['no hex', `${'zz'.repeat(32)}\n`],
  ['longer', `${'ab'.repeat(33)}\n`],
] as const)
  test(`a key file that is ${name} stops the start, and its content is not shown`, () => {
    const path = join(home, `${name}.key`)
    writeFileSync(path, text)
    assert.throws(() => loadLedgerKey(path), /is not a seed of 32 bytes in hex$/)
  })
