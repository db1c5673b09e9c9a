// Writes bundle.json, trust.json and log.json of this folder from a real run: a gateway, a person with a software passkey
// and a software security key, a stock `git push`. Run once per format version, never again: what it wrote must verify
// under every later release.  node vectors/bundle/make.ts DIR
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { scratch, startGateway } from '../../test/support/gateway.ts'
import { pusher } from '../../test/support/pusher.ts'

const out = process.argv[2]
if (out === undefined) throw new Error('usage: make.ts DIR')
mkdirSync(out, { recursive: true })
const home = scratch('golden')
const gateway = await startGateway({ home, env: { COUNTERSIGN_FORGE: 'stand-in' } })
const { git, remote, agent, key } = await pusher(gateway, 'keeper', gateway.enroll!)
key.flags = 0x05
await git.ok(git.home, 'clone', '-q', remote(gateway.sample), 'work')
const work = git.path('work')
const commit = await git.commit(work, 'A golden commit', (dir) => writeFileSync(join(dir, 'golden.txt'), 'golden\n'))
await git.ok(work, 'push', '-q', 'origin', 'HEAD:main', 'HEAD:refs/heads/größe')
await gateway.stop()
agent.close()

const countersign = (...args: readonly string[]): string => {
  const ran = spawnSync(join(import.meta.dirname, '..', '..', 'countersign'), args, { encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(ran.stderr)
  return ran.stdout
}
countersign('evidence', 'export', commit, '--home', home, '-o', join(out, 'bundle.json'))
writeFileSync(join(out, 'trust.json'), countersign('ledger', 'trust', '--home', home))
const store = await openSqlite(join(home, 'countersign.db'))
const rows = await store.db.selectFrom('ledger_entry').selectAll().orderBy('idx').execute()
const { note } = await store.db.selectFrom('ledger_checkpoint').select('note').orderBy('size', 'desc').executeTakeFirstOrThrow()
const base64 = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString('base64')
const log = {
  vkey: countersign('ledger', 'key', '--home', home).trim(),
  checkpoint: note,
  entries: rows.map(({ bytes, payload, salt }) => ({ entry: base64(bytes), payload: base64(payload), salt: base64(salt) })),
}
writeFileSync(join(out, 'log.json'), `${JSON.stringify(log, null, 1)}\n`)
await store.close()
