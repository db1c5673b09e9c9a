import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { openSqlite } from '../../src/store/sqlite/open-sqlite.ts'
import { scratch } from '../support/gateway.ts'
import { run } from '../support/git.ts'
import { goldenHome } from '../support/golden-home.ts'
import { VECTORS } from '../support/relog.ts'

const root = join(import.meta.dirname, '..', '..')
const out = scratch('evidence')
const countersign = (...args: readonly string[]) =>
  run([join(root, 'countersign'), ...args], { cwd: out, env: { INIT_CWD: undefined } })

let home: string
let intent: number
let commit: string
before(async () => {
  ;({ home, intent, commit } = await goldenHome())
})

// evidence.test.ts has a running gateway; here are files of the first release, the documented commands, and what goes wrong.

describe('verify, on files of the first release', () => {
  const bundle = join(VECTORS, 'bundle', 'v1', 'bundle.json')
  const trust = join(VECTORS, 'bundle', 'v1', 'trust.json')

  test('they are trusted still', async () => {
    const { code, stdout, stderr } = await countersign('verify', bundle, '--trust', trust)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^TRUSTED/m)
    assert.match(stdout, /Not shown by any bundle:\n {2}- that the device was not revoked before/)
  })
  test('another spelling of the same: exit 1', async () => {
    writeFileSync(join(out, 'spaced.json'), `${readFileSync(bundle, 'utf8')} `)
    assert.equal((await countersign('verify', 'spaced.json', '--trust', trust)).code, 1)
  })
  test('a file that is not there, or a trust file that is none: exit 2, and no stack trace', async () => {
    for (const args of [['missing.json'], [bundle, '--trust', 'missing.json'], [bundle, '--trust', bundle]]) {
      const { code, stdout, stderr } = await countersign('verify', ...args)
      assert.equal(code, 2, args.join(' '))
      assert.equal(stdout, '')
      assert.doesNotMatch(stderr, /\n\s+at /)
    }
  })
})

describe('on the host', () => {
  test('ledger verify, key and trust', async () => {
    const verified = await countersign('ledger', 'verify', '--home', home)
    assert.equal(verified.code, 0, verified.stderr)
    assert.match(
      verified.stdout,
      /^golden\.example\/ledger: 8 entries verify\nchecked against the key of this very home, /,
    )
    const key = await countersign('ledger', 'key', '--home', home)
    assert.match(key.stdout, /^golden\.example\/ledger\+[0-9a-f]{8}\+A\S{43}\n$/)
    const trust = await countersign('ledger', 'trust', '--home', home)
    assert.deepEqual((JSON.parse(trust.stdout) as { ledger: string[] }).ledger, [key.stdout.trim()])
  })

  test('evidence of an entry or a commit is trusted against the trust file of the same home', async () => {
    writeFileSync(join(out, 'trust.json'), (await countersign('ledger', 'trust', '--home', home)).stdout)
    for (const subject of [`${intent}`, commit]) {
      const wrote = await countersign('evidence', 'export', subject, '--home', home, '-o', 'push.json')
      assert.equal(wrote.code, 0, wrote.stderr)
      const { code, stdout } = await countersign('verify', 'push.json', '--trust', 'trust.json')
      assert.equal(code, 0, stdout)
    }
    const printed = await countersign('evidence', 'export', commit, '--home', home)
    assert.equal(printed.stdout, readFileSync(join(out, 'push.json'), 'utf8'))
  })

  test('what is no push says so', async () => {
    for (const subject of ['0', '999', 'f'.repeat(40), 'main', '-1x', '08']) {
      const { code, stderr } = await countersign('evidence', 'export', '--home', home, '--', subject)
      assert.equal(code, 1, subject)
      assert.match(stderr, /ledger/)
    }
  })

  test('a home that is none', async () => {
    const { code, stderr } = await countersign('ledger', 'verify', '--home', out)
    assert.equal(code, 2)
    assert.match(stderr, /is no home of a gateway/)
  })
})

describe('docs/formats/verify-without-countersign.md', () => {
  const page = readFileSync(join(root, 'docs', 'formats', 'verify-without-countersign.md'), 'utf8')
  const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => text!)
  const sh = (command: string, dir: string) =>
    run(['sh', '-eu', '-c', command], { cwd: dir, env: { LC_ALL: 'C' } })

  test('its commands accept the files, and the printed one does', async () => {
    const { code, stdout, stderr } = await countersign(
      'evidence',
      'export',
      commit,
      '--home',
      home,
      '--ssh',
      'plain',
    )
    assert.equal(code, 0, stderr)
    assert.match(
      (await sh(stdout, out)).stdout,
      /^Good "git" signature for keeper with ED25519-SK key SHA256:/,
    )
    assert.equal(commands.length, 4)
    const ran = []
    for (const command of commands) {
      const result = await sh(command, join(out, 'plain'))
      assert.equal(result.code, 0, command + result.stderr)
      ran.push(result.stdout)
    }
    assert.match(ran[0]!, /^Good "git" signature/)
    assert.ok(ran[1]!.includes(`${commit} refs/heads/main\n`))
    assert.equal(ran[2]!.trim(), '05')
  })

  test('and they refuse a changed statement and a changed payload', async () => {
    await countersign('evidence', 'export', commit, '--home', home, '--ssh', 'changed')
    const file = (name: string): string => join(out, 'changed', name)
    writeFileSync(
      file('statement'),
      readFileSync(file('statement'), 'latin1').replace('refs/heads/main', 'refs/heads/moon'),
      'latin1',
    )
    writeFileSync(
      file('entry.payload'),
      readFileSync(file('entry.payload'), 'utf8').replace('keeper', 'sleeper'),
    )
    for (const command of [commands[0]!, commands[3]!])
      assert.notEqual((await sh(command, join(out, 'changed'))).code, 0, command)
  })
})

describe('ledger verify under a pinned key', () => {
  const verify = (...args: readonly string[]) => countersign('ledger', 'verify', '--home', home, ...args)
  let vkey: string
  let otherKey: string
  const trust = (name: string, ledger: readonly string[]): string => {
    const pinned = {
      'countersign-trust': 1,
      ledger,
      portal: ['https://golden.example'],
      rpId: ['golden.example'],
    }
    writeFileSync(join(out, name), JSON.stringify(pinned))
    return name
  }
  before(async () => {
    vkey = (await countersign('ledger', 'key', '--home', home)).stdout.trim()
    otherKey = (await countersign('ledger', 'key', '--home', (await goldenHome()).home)).stdout.trim()
  })

  test('says which one it was', async () => {
    const byKey = await verify('--vkey', vkey)
    assert.deepEqual([byKey.code, byKey.stderr], [0, ''])
    assert.equal(
      byKey.stdout,
      `golden.example/ledger: 8 entries verify\nchecked against the key of --vkey, ${vkey}\n`,
    )
    const byFile = await verify('--trust', trust('both.json', [otherKey, vkey]))
    assert.equal(byFile.code, 0, byFile.stderr)
    assert.ok(
      byFile.stdout.endsWith(`\nchecked against a key pinned in ${join(out, 'both.json')}, ${vkey}\n`),
      byFile.stdout,
    )
  })
  test('finds the log of another key, which its own home finds sound: exit 1', async () => {
    for (const args of [
      ['--vkey', otherKey],
      ['--trust', trust('other.json', [otherKey])],
    ]) {
      const { code, stdout, stderr } = await verify(...args)
      assert.deepEqual([code, stdout], [1, ''], args[0])
      assert.match(stderr, /does not verify: it is not signed by (the key of --vkey|a key pinned in )/)
    }
  })
  test('needs no secret of the home', async () => {
    const copy = scratch('copy')
    copyFileSync(join(home, 'countersign.db'), join(copy, 'countersign.db'))
    const { code, stderr } = await countersign('ledger', 'verify', '--home', copy, '--vkey', vkey)
    assert.equal(code, 0, stderr)
    assert.ok(!existsSync(join(copy, 'secrets')))
  })
  test('finds no log at all where nothing is signed: exit 1', async () => {
    const empty = scratch('empty')
    await (await openSqlite(join(empty, 'countersign.db'))).close()
    const { code, stderr } = await countersign('ledger', 'verify', '--home', empty, '--vkey', vkey)
    assert.equal(code, 1)
    assert.match(stderr, /not signed by the key of --vkey/)
  })
  test('that cannot be read, or two of them: exit 2, and no stack trace', async () => {
    for (const args of [
      ['--vkey', 'golden.example/ledger'],
      ['--vkey', `${vkey}A`],
      ['--trust', 'missing.json'],
      ['--trust', trust('none.json', [])],
      ['--trust', trust('bad.json', ['x'])],
      ['--vkey', vkey, '--trust', trust('both.json', [vkey])],
    ]) {
      const { code, stdout, stderr } = await verify(...args)
      assert.deepEqual([code, stdout], [2, ''], args.join(' '))
      assert.match(stderr, /^countersign: /)
      assert.doesNotMatch(stderr, /\n\s+at /)
    }
  })
})

describe('ledger verify finds', () => {
  test('a changed entry: exit 1', async () => {
    const { home: other } = await goldenHome()
    const store = await openSqlite(join(other, 'countersign.db'))
    await store.db
      .updateTable('ledger_entry')
      .set({ payload: Buffer.from('{}') })
      .where('idx', '=', 2)
      .execute()
    await store.close()
    const { code, stderr } = await countersign('ledger', 'verify', '--home', other)
    assert.equal(code, 1)
    assert.match(stderr, /the payload of entry 2 is not the one committed to/)
  })
})
