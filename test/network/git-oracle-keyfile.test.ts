import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { rewriteAdvertisement } from '../../src/core/git/advertisement.ts'
import { HeadCollector } from '../../src/core/git/head-collector.ts'
import { parsePushCertificate } from '../../src/core/git/push-cert.ts'
import { parsePublicKeyLine } from '../../src/core/ssh/public-key.ts'
import { verifySshsig } from '../../src/core/ssh/sshsig.ts'
import { scratch } from '../support/gateway.ts'
import { Git, run } from '../support/git.ts'
import { type SkProvider, startProvider } from '../support/sk/provider.ts'
import { type StockServer, stockServer } from '../support/stock-receive-pack.ts'

// Key files as people have them: made by stock ssh-keygen with a security key, used by stock ssh-keygen and git without an
// agent. The security key is software, everything else is what a developer has installed.

const dir = scratch('keyfile')
let provider: SkProvider

before(async () => {
  provider = await startProvider(dir)
})
after(() => provider.close())

async function keygen(...args: string[]): Promise<{ code: number; stderr: string }> {
  return run(['ssh-keygen', ...args], { env: provider.env, cwd: dir })
}
async function sign(name: string): Promise<string | undefined> {
  const message = join(dir, 'message')
  writeFileSync(message, 'hello\n')
  rmSync(`${message}.sig`, { force: true })
  const { code } = await keygen('-Y', 'sign', '-f', join(dir, name), '-n', 'git', message)
  return code === 0 ? readFileSync(`${message}.sig`, 'latin1') : undefined
}
const MESSAGE = Buffer.from('hello\n')

for (const [type, application] of [
  ['ed25519-sk', 'ssh:'],
  ['ecdsa-sk', 'ssh:work'],
] as const) {
  describe(`ssh-keygen -t ${type}`, () => {
    test('made with a touch: UP and no UV, its counter counts', async () => {
      const made = await keygen(
        '-q',
        '-t',
        type,
        '-O',
        `application=${application}`,
        '-N',
        '',
        '-f',
        join(dir, type),
      )
      assert.equal(made.code, 0, made.stderr)
      const key = parsePublicKeyLine(readFileSync(join(dir, `${type}.pub`), 'latin1'))
      assert.ok(key.ok)
      assert.equal(key.value.application, application)
      const counters: number[] = []
      for (const armored of [await sign(type), await sign(type)]) {
        const verified = verifySshsig(armored ?? '', MESSAGE, 'git', null)
        assert.ok(verified.ok)
        assert.deepEqual([verified.value.up, verified.value.uv], [true, false])
        assert.equal(verified.value.key.fingerprint, key.value.fingerprint)
        counters.push(verified.value.counter)
      }
      assert.equal(counters[1], counters[0]! + 1)
    })
    test('made with -O verify-required: UV, by the PIN that was typed', async () => {
      const name = `${type}-pin`
      const made = await keygen('-q', '-t', type, '-O', 'verify-required', '-N', '', '-f', join(dir, name))
      assert.equal(made.code, 0, made.stderr)
      const verified = verifySshsig((await sign(name)) ?? '', MESSAGE, 'git', null)
      assert.ok(verified.ok)
      assert.deepEqual([verified.value.up, verified.value.uv], [true, true])
      provider.type('0000')
      assert.equal(await sign(name), undefined, 'a wrong PIN makes no signature')
      provider.type(provider.pin)
    })
    test('made with -O no-touch-required: neither, and ours says so', async () => {
      const name = `${type}-untouched`
      const made = await keygen('-q', '-t', type, '-O', 'no-touch-required', '-N', '', '-f', join(dir, name))
      assert.equal(made.code, 0, made.stderr)
      const verified = verifySshsig((await sign(name)) ?? '', MESSAGE, 'git', null)
      assert.ok(verified.ok)
      assert.deepEqual([verified.value.up, verified.value.uv], [false, false])
    })
  })
}

describe('git push with a key file', () => {
  let server: StockServer
  let git: Git
  let work: string
  before(async () => {
    server = await stockServer(dir, {
      advertisement(bytes) {
        const out = rewriteAdvertisement(bytes, 'nonce')
        assert.ok(out.ok)
        return out.value
      },
    })
    git = new Git(join(dir, 'home'), undefined)
    Object.assign(git.env, provider.env)
    await git.configure({
      'gpg.format': 'ssh',
      'user.signingkey': join(dir, 'ed25519-sk-pin.pub'),
      'push.gpgSign': 'if-asked',
    })
    await git.ok(dir, 'init', '-q', '--bare', 'r.git')
    work = join(dir, 'work')
    await git.ok(dir, 'init', '-q', work)
    await git.ok(work, 'remote', 'add', 'origin', server.url('r.git'))
    await git.commit(work, 'first', (at) => writeFileSync(join(at, 'a'), 'a'))
  })
  after(() => server.close())

  test('asks for the PIN and sends a certificate with UP and UV', async () => {
    const { signed } = provider
    await git.ok(work, 'push', 'origin', 'HEAD:refs/heads/main')
    assert.equal(provider.signed, signed + 1)
    const state = new HeadCollector().push(server.sent.at(-1)!)
    assert.ok(state.kind === 'head' && state.head.certificate)
    const parsed = parsePushCertificate(state.head.certificate)
    assert.ok(parsed.ok)
    const verified = verifySshsig(parsed.value.signature, parsed.value.text, 'git', null)
    assert.ok(verified.ok && verified.value.up && verified.value.uv)
  })
  test('that nobody touches: nothing is sent', async () => {
    provider.denied = true
    const sent = server.sent.length
    const result = await git.git(work, 'push', 'origin', 'HEAD:refs/heads/other')
    provider.denied = false
    assert.notEqual(result.code, 0)
    assert.equal(server.sent.length, sent)
  })
})
