import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync, chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parseAdvertisement, rewriteAdvertisement } from '../../src/core/git/advertisement.ts'
import { HeadCollector } from '../../src/core/git/head-collector.ts'
import { parsePushCertificate } from '../../src/core/git/push-cert.ts'
import { type ReceivePackHead, writeReceivePackHead } from '../../src/core/git/receive-pack.ts'
import { isRefName } from '../../src/core/git/ref-name.ts'
import { ReportObserver } from '../../src/core/git/report-status.ts'
import { verifySshsig } from '../../src/core/ssh/sshsig.ts'
import { scratch } from '../support/gateway.ts'
import { Git } from '../support/git.ts'
import { type SoftKey, startAgent } from '../support/sk-agent.ts'
import { receivePack, type StockServer, stockServer } from '../support/stock-receive-pack.ts'

// Stock git on both sides and nothing of the gateway but core/git between them: what a client sends is read by us, and
// what we write is read by a stock receive-pack that never asked for a certificate.

const NONCE = 'cs1.oracle'
const dir = scratch('oracle')
let git: Git
let key: SoftKey
let server: StockServer
let closeAgent: () => void
/** The head of the newest body that was more than a probe. */
let head: ReceivePackHead

function readBody(bytes: Buffer): { head: ReceivePackHead; rest: Buffer } | undefined {
  const collector = new HeadCollector()
  const begun = collector.push(bytes)
  const state = begun.kind === 'need-more' ? collector.end() : begun
  if (state.kind === 'probe') return undefined
  assert.equal(state.kind, 'head', JSON.stringify(state))
  return state.kind === 'head' ? state : undefined
}

before(async () => {
  const agent = await startAgent(dir)
  closeAgent = () => agent.close()
  key = agent.addKey('ed25519-sk', 'id')
  git = new Git(join(dir, 'home'), agent.socket)
  await git.configure({ 'gpg.format': 'ssh', 'user.signingkey': key.path, 'push.gpgSign': 'if-asked' })
  server = await stockServer(dir, {
    advertisement(bytes) {
      const out = rewriteAdvertisement(bytes, NONCE)
      assert.ok(out.ok)
      return out.value
    },
    body(bytes) {
      const read = readBody(bytes)
      if (!read) return bytes
      head = read.head
      return Buffer.concat([writeReceivePackHead(read.head), read.rest])
    },
  })
})
after(() => {
  server.close()
  closeAgent()
})

/** A bare repository with push options on, and a clone of it with one commit. */
async function repository(name: string, ...init: string[]): Promise<string> {
  const bare = join(dir, `${name}.git`)
  await git.ok(dir, 'init', '-q', '--bare', ...init, bare)
  await git.ok(bare, 'config', 'receive.advertisePushOptions', 'true')
  await git.ok(bare, 'config', 'http.receivepack', 'true')
  const work = join(dir, name)
  await git.ok(dir, 'init', '-q', ...init, work)
  await git.ok(work, 'remote', 'add', 'origin', server.url(`${name}.git`))
  await git.commit(work, 'first', (at) => writeFileSync(join(at, 'a'), 'a'))
  return work
}

const refsOf = async (name: string): Promise<Map<string, string>> =>
  new Map(
    (await git.ok(join(dir, `${name}.git`), 'for-each-ref', '--format=%(refname) %(objectname)'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ') as [string, string]),
  )

/** The certificate that came along is good, and says what the head says. */
function certified(): void {
  assert.ok(head.certificate)
  const parsed = parsePushCertificate(head.certificate)
  assert.ok(parsed.ok)
  assert.deepEqual(parsed.value.updates, head.updates)
  assert.deepEqual(parsed.value.pushOptions, head.pushOptions)
  assert.equal(parsed.value.nonce, NONCE)
  const verified = verifySshsig(parsed.value.signature, parsed.value.text, 'git', null)
  assert.ok(verified.ok && verified.value.up && verified.value.key.fingerprint === key.fingerprint)
}

for (const format of ['sha1', 'sha256']) {
  describe(`a signed push into a ${format} repository`, () => {
    let work: string
    before(async () => (work = await repository(format, `--object-format=${format}`)))

    test('into nothing: created', async () => {
      await git.ok(work, 'push', 'origin', 'HEAD:refs/heads/main')
      certified()
      assert.equal((await refsOf(format)).get('refs/heads/main'), await git.ok(work, 'rev-parse', 'HEAD'))
    })
    test('atomic: update, tag, options, and a name that is not UTF-8', async () => {
      await git.commit(work, 'second', (at) => writeFileSync(join(at, 'b'), 'b'))
      await git.ok(work, 'tag', '-a', '-m', 'one', 'v1')
      const odd = Buffer.from('refs/heads/caf\xe9', 'latin1')
      const packed = join(work, '.git', 'packed-refs')
      appendFileSync(
        packed,
        Buffer.concat([Buffer.from(`${await git.ok(work, 'rev-parse', 'HEAD')} `), odd, Buffer.from('\n')]),
      )
      await git.ok(
        work,
        'push',
        '--atomic',
        '-o',
        'ci.skip',
        '-o',
        'reason=hot fix',
        'origin',
        'refs/heads/*:refs/heads/*',
        'HEAD:refs/heads/main',
        'v1',
      )
      certified()
      assert.deepEqual(head.pushOptions, ['ci.skip', 'reason=hot fix'])
      assert.ok(head.updates.some(({ ref }) => ref === odd.toString('latin1')))
      const raw = execFileSync('git', ['for-each-ref', '--format=%(refname)'], {
        cwd: join(dir, `${format}.git`),
      })
      assert.ok(raw.includes(odd))
      assert.ok((await refsOf(format)).has('refs/tags/v1'))
    })
    test('deleting only: no pack, and what stays is as it was', async () => {
      await git.ok(work, 'push', 'origin', ':refs/tags/v1')
      certified()
      assert.ok(!(await refsOf(format)).has('refs/tags/v1'))
    })
    test('the advertisement is what for-each-ref says', async () => {
      await git.ok(work, 'push', '--dry-run', 'origin', 'HEAD:refs/heads/other')
      const parsed = parseAdvertisement(server.advertised.at(-1)!)
      assert.ok(parsed.ok)
      const listed = execFileSync('git', ['for-each-ref', '--format=%(refname) %(objectname)'], {
        cwd: join(dir, `${format}.git`),
      })
      assert.deepEqual(
        [...parsed.value.refs].map(([name, id]) => `${name} ${id}\n`).join(''),
        listed.toString('latin1'),
      )
    })
  })
}

describe('signed pushes of other shapes', () => {
  test('from a shallow clone: its boundary goes along', async () => {
    const work = await repository('deep')
    await git.commit(work, 'second', (at) => writeFileSync(join(at, 'b'), 'b'))
    await git.ok(work, 'push', 'origin', 'HEAD:refs/heads/main')
    const shallow = join(dir, 'shallow')
    await git.ok(dir, 'clone', '-q', '--depth', '1', `file://${join(dir, 'deep.git')}`, shallow)
    await git.ok(shallow, 'remote', 'set-url', 'origin', server.url('deep.git'))
    const tip = await git.commit(shallow, 'third', (at) => writeFileSync(join(at, 'c'), 'c'))
    await git.ok(shallow, 'push', 'origin', 'HEAD:refs/heads/main')
    certified()
    assert.equal(head.shallow.length, 1)
    assert.equal((await refsOf('deep')).get('refs/heads/main'), tip)
  })
  test('over the post buffer: a probe first, then the push', async () => {
    const work = await repository('big')
    await git.ok(work, 'config', 'http.postBuffer', '65536') // git's least
    await git.commit(work, 'noise', (at) => writeFileSync(join(at, 'noise'), randomBytes(200_000)))
    const from = server.sent.length
    await git.ok(work, 'push', 'origin', 'HEAD:refs/heads/main')
    const [probe, body] = server.sent.slice(from)
    assert.equal(probe?.toString(), '0000')
    assert.ok(body && body.length > 200_000)
    certified()
  })
  test('unsigned, by a client that was not told to: read the same', async () => {
    const work = await repository('plain')
    await git.ok(
      work,
      '-c',
      'push.gpgSign=false',
      'push',
      'origin',
      'HEAD:refs/heads/main',
      'HEAD:refs/heads/b',
    )
    assert.equal(head.certificate, null)
    assert.deepEqual(
      head.updates.map(({ ref }) => ref),
      ['refs/heads/main', 'refs/heads/b'],
    )
  })
})

describe('reports of a stock receive-pack', () => {
  test('accepted and refused refs are told apart, in any chunks', async () => {
    const work = await repository('hooked')
    const hook = join(dir, 'hooked.git', 'hooks', 'update')
    writeFileSync(hook, '#!/bin/sh\necho "looking at $1" >&2\ncase $1 in */no*) exit 1;; esac\n')
    chmodSync(hook, 0o755)
    const result = await git.git(work, 'push', 'origin', 'HEAD:refs/heads/yes', 'HEAD:refs/heads/no')
    assert.notEqual(result.code, 0)
    const answer = server.answered.at(-1)!
    for (const size of [1, 3, 7, 64, answer.length]) {
      const observer = new ReportObserver(head.capabilities)
      for (let at = 0; at < answer.length; at += size) observer.push(answer.subarray(at, at + size))
      assert.deepEqual(observer.refs(), [
        { ref: 'refs/heads/yes', ok: true },
        { ref: 'refs/heads/no', ok: false, reason: 'hook declined' },
      ])
    }
  })
  test('a pack that does not arrive whole moves nothing', async () => {
    const work = await repository('cut')
    await git.ok(work, 'push', 'origin', 'HEAD:refs/heads/main')
    const whole = server.sent.at(-1)!
    const observer = new ReportObserver(head.capabilities)
    await git.ok(join(dir, 'cut.git'), 'update-ref', '-d', 'refs/heads/main')
    await git.ok(join(dir, 'cut.git'), 'gc', '-q', '--prune=now')
    const read = readBody(whole)!
    const broken = Buffer.concat([writeReceivePackHead(read.head), read.rest.subarray(0, -25)])
    observer.push(await receivePack(join(dir, 'cut.git'), [], broken))
    assert.equal(observer.refs()?.some(({ ok }) => ok) ?? false, false)
    assert.equal((await refsOf('cut')).size, 0)
  })
})

test('ref names: whatever passes ours passes git check-ref-format, and the other way but for a leading "-"', () => {
  const pieces = [
    'a',
    'B9',
    '.',
    '..',
    '-',
    '@',
    '@{',
    '{',
    '/',
    '//',
    '.lock',
    'lock',
    '~',
    '^',
    ':',
    '?',
    '*',
    '[',
    '\\',
    ' ',
    '\t',
    '\x7f',
    '\xe9',
    '\x1b',
    '\x80',
  ]
  const names: string[] = []
  for (const one of pieces)
    for (const two of ['', ...pieces])
      for (const end of ['', 'z']) names.push(`refs/heads/${one}${two}${end}`)
  names.push(
    'refs',
    'refs/',
    '/refs/heads/a',
    'refs/heads/a/',
    'refs/heads/a/.b',
    'refs/heads/a./b',
    'refs/heads/@',
  )
  const list = join(dir, 'names')
  // One name a line, as git's bytes; none of them holds a line feed.
  writeFileSync(list, Buffer.from(`${names.join('\n')}\n`, 'latin1'))
  const script = `while IFS= read -r name; do git check-ref-format "$name" && printf 'y\\n' || printf 'n\\n'; done < '${list}'`
  const verdicts = execFileSync('sh', ['-c', script], { env: { ...process.env, LC_ALL: 'C' } })
    .toString()
    .trim()
    .split('\n')
  assert.equal(verdicts.length, names.length)
  for (const [i, name] of names.entries()) {
    const git = verdicts[i] === 'y'
    if (/\/-/.test(name)) assert.equal(isRefName(name), false, JSON.stringify(name))
    else assert.equal(isRefName(name), git, JSON.stringify(name))
  }
})
