import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, scratch, startGateway } from '../support/gateway.ts'
import { type GitResult, run } from '../support/git.ts'
import { enrolledPerson, type Pusher, pusher } from '../support/pusher.ts'

const cli = join(import.meta.dirname, '..', '..', 'countersign')

describe('evidence for a stranger', () => {
  const dir = scratch('evidence')
  const file = (name: string): string => join(dir, name)
  let gateway: RunningGateway
  let keeper: Pusher
  let commit: string
  const countersign = (...args: readonly string[]): Promise<GitResult> => run([cli, ...args])
  const onHome = (...args: readonly string[]): Promise<GitResult> =>
    countersign(...args, '--home', gateway.home)

  before(async () => {
    gateway = await startGateway({ env: { COUNTERSIGN_FORGE: 'stand-in' } })
    keeper = await pusher(gateway, 'keeper', gateway.enroll!)
    await keeper.git.ok(keeper.git.home, 'clone', '-q', keeper.remote(gateway.sample), 'work')
    commit = await keeper.git.commit(keeper.git.path('work'), 'one', (at) =>
      writeFileSync(join(at, 'a.txt'), 'a'),
    )
    await keeper.git.ok(keeper.git.path('work'), 'push', 'origin', 'HEAD')
    writeFileSync(file('trust.json'), (await onHome('ledger', 'trust')).stdout)
    const exported = await onHome('evidence', 'export', commit, '-o', file('bundle.json'))
    assert.equal(exported.code, 0, exported.stderr)
  })
  after(() => gateway.stop())

  test('verifies against what was pinned: exit 0', async () => {
    const result = await countersign('verify', file('bundle.json'), '--trust', file('trust.json'))
    assert.equal(result.code, 0, result.stdout + result.stderr)
    assert.match(result.stdout, /TRUSTED/)
    assert.match(result.stdout, new RegExp(keeper.key.fingerprint.replaceAll(/[+/]/g, '.')))
  })
  test('without a trust file it is self-consistent only: exit 3', async () => {
    const result = await countersign('verify', file('bundle.json'))
    assert.equal(result.code, 3)
    assert.match(result.stdout, /SELF-CONSISTENT ONLY/)
  })
  test('--json says the same to a program', async () => {
    const { stdout } = await countersign(
      'verify',
      file('bundle.json'),
      '--trust',
      file('trust.json'),
      '--json',
    )
    assert.equal(JSON.parse(stdout).verdict, 'trusted')
  })
  for (const member of ['ledger', 'portal', 'rpId']) {
    test(`another ${member} pinned: exit 1`, async () => {
      const trust = JSON.parse(readFileSync(file('trust.json'), 'utf8')) as Record<string, string[]>
      trust[member] =
        member === 'ledger'
          ? ['PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW']
          : ['https://other.example']
      writeFileSync(file('other.json'), JSON.stringify(trust))
      const result = await countersign('verify', file('bundle.json'), '--trust', file('other.json'))
      assert.equal(result.code, 1, result.stderr)
    })
  }
  test('a changed bundle: exit 1; an unreadable file: exit 2', async () => {
    const bundle = JSON.parse(readFileSync(file('bundle.json'), 'utf8')) as { entries: { payload: string }[] }
    const last = bundle.entries.find(({ payload }) => Buffer.from(payload, 'base64').includes('git.push'))!
    last.payload = Buffer.from(
      Buffer.from(last.payload, 'base64').toString().replace('refs/heads/', 'refs/heads/x'),
    ).toString('base64')
    writeFileSync(file('changed.json'), JSON.stringify(bundle))
    assert.equal((await countersign('verify', file('changed.json'), '--trust', file('trust.json'))).code, 1)
    assert.equal((await countersign('verify', file('absent.json'))).code, 2)
    writeFileSync(file('garbage.json'), '{')
    assert.equal((await countersign('verify', file('garbage.json'))).code, 1)
    assert.equal((await countersign('verify', file('bundle.json'), '--trust', file('garbage.json'))).code, 2)
  })
  test('plain ssh-keygen accepts the certificate, and no changed one', async () => {
    const shown = await onHome('evidence', 'export', commit, '--ssh', file('ssh'))
    assert.equal(shown.code, 0, shown.stderr)
    const good = await run(['sh', '-c', shown.stdout])
    assert.match(good.stdout, /Good "git" signature for keeper/)
    writeFileSync(
      join(file('ssh'), 'statement'),
      readFileSync(join(file('ssh'), 'statement'), 'latin1').replace('refs/heads/', 'refs/heads/x'),
      'latin1',
    )
    assert.notEqual((await run(['sh', '-c', shown.stdout])).code, 0)
  })
  test('the whole log verifies while the gateway runs; a commit nobody pushed has no evidence', async () => {
    assert.equal((await onHome('ledger', 'verify')).code, 0)
    assert.equal((await onHome('evidence', 'export', '0'.repeat(39).concat('1'))).code, 1)
    assert.match((await onHome('ledger', 'key')).stdout, /\+[0-9a-f]{8}\+/)
  })
  test('an administrator invites from the host, and ends what somebody can do', async () => {
    const link = await onHome('admin', 'invite', 'grace', 'grace@example.com')
    assert.match(link.stdout, /\/enrol#csl_/, link.stderr)
    // A running gateway sees the host's change within a second; wrong links are limited, so few tries.
    let enrolled = false
    for (let tries = 0; tries < 6 && !enrolled; tries++) {
      enrolled = await enrolledPerson(gateway, link.stdout.trim()).then(
        () => true,
        () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 250)),
      )
    }
    assert.ok(enrolled)
    assert.match((await onHome('admin', 'people')).stdout, /grace\s+active .*1 devices/)
    assert.equal((await onHome('admin', 'invite', 'grace', 'grace@example.com')).code, 1)
    assert.equal((await onHome('admin', 'disable', 'grace')).code, 0)
    assert.equal((await onHome('admin', 'disable', 'keeper')).code, 1, 'the last administrator stays')
  })
  test('recovery is a link, on record', async () => {
    const link = await onHome('admin', 'recover', 'keeper')
    assert.match(link.stdout, /\/enrol#csl_/)
    assert.equal((await onHome('admin', 'recover', 'nobody')).code, 1)
    assert.equal((await countersign('admin', 'people', '--home', dir)).code, 2)
  })
})
