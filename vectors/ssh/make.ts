// Makes the vectors of this folder: `node vectors/ssh/make.ts`, with stock ssh-keygen on PATH. The keys are software
// security keys of the tests; the signatures are written by ssh-keygen, and by stock git for the certificate.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startGateway } from '../../test/support/gateway.ts'
import { run } from '../../test/support/git.ts'
import { pusher } from '../../test/support/pusher.ts'

const here = import.meta.dirname
const gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
const keeper = await pusher(gateway, 'keeper', gateway.enroll!)
const cases = [
  { name: 'ed25519-touched', key: keeper.key, flags: 0x01 },
  { name: 'ed25519-verified', key: keeper.key, flags: 0x05 },
  { name: 'ed25519-untouched', key: keeper.key, flags: 0x00 },
  { name: 'ecdsa-touched', key: keeper.agent.addKey('ecdsa-sk', 'vector'), flags: 0x01 },
]
for (const { name, key, flags } of cases) {
  const dir = join(here, name)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir)
  writeFileSync(join(dir, 'message'), `vector ${name}\n`)
  key.flags = flags
  const signed = await run(['ssh-keygen', '-Y', 'sign', '-f', key.path, '-n', 'git', join(dir, 'message')], { env: { SSH_AUTH_SOCK: keeper.agent.socket } })
  if (signed.code !== 0) throw new Error(signed.stderr)
  copyFileSync(key.path, join(dir, 'key.pub'))
}
keeper.key.flags = 0x01
await keeper.git.ok(keeper.git.home, 'clone', '-q', keeper.remote(gateway.sample), 'work')
const work = keeper.git.path('work')
const commit = await keeper.git.commit(work, 'vector', (dir) => writeFileSync(join(dir, 'v.txt'), 'v'))
await keeper.git.ok(work, 'tag', 'v1')
await keeper.git.ok(work, 'push', '--atomic', 'origin', 'HEAD', 'HEAD:refs/heads/topic', 'v1')
const out = join(here, '..', 'git', 'certificate')
rmSync(out, { recursive: true, force: true })
const exported = await run([join(here, '..', '..', 'countersign'), 'evidence', 'export', commit, '--home', gateway.home, '--ssh', out])
if (exported.code !== 0) throw new Error(exported.stderr)
await gateway.stop()
process.exit(0)
