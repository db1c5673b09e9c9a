import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import type { RefUpdate } from '../../src/core/git/ref-update.ts'
import { createSpool } from '../../src/spool/create-spool.ts'
import { SPOOL_LIMITS, type SpoolLimits } from '../../src/spool/limits.ts'
import type { Incoming, SpooledPush } from '../../src/spool/spool.ts'
import { EMPTY_PACK } from '../support/raw-push.ts'
import { Bed, chunks, never, ZERO } from './spool-bed.ts'

const MAIN = 'refs/heads/main'
const SECRET = 'Basic c2VjcmV0OnZlcnktc2VjcmV0'
const text = (n: number, mark = ''): string =>
  Array.from({ length: n }, (_, i) => `line ${i} of something${mark}\n`).join('')

describe('mirrors', () => {
  const bed = new Bed()
  let base: string
  let tip: string
  let update: RefUpdate
  let thin: Buffer
  before(() => {
    base = bed.commit('base', (dir) => writeFileSync(join(dir, 'a.txt'), text(2000)))
    bed.git('push', '-q', 'origin', 'main')
    tip = bed.commit('tip', (dir) => writeFileSync(join(dir, 'a.txt'), `${text(2000)}more\n`))
    update = { before: base, after: tip, ref: MAIN }
    thin = bed.pack([tip], [base], '--thin')
  })
  afterEach(async () => {
    await bed.spool.close()
    rmSync(bed.dir, { recursive: true, force: true })
    bed.said.length = 0
  })
  after(() => bed.end())

  const mirrors = (): string[] => readdirSync(join(bed.dir, 'mirror'))

  /** A git that writes down how it is called. */
  async function watched(limits: Partial<SpoolLimits> = {}): Promise<() => string[]> {
    const log = join(bed.root, 'calls')
    const program = join(bed.root, 'git-watched')
    writeFileSync(
      program,
      `#!/bin/sh\n{ echo "$@"; env | sort | tr '\\n' ' '; echo; } >> '${log}'\nexec git "$@"\n`,
    )
    chmodSync(program, 0o755)
    writeFileSync(log, '')
    bed.spool = await createSpool({
      dir: bed.dir,
      limits: { ...SPOOL_LIMITS, ...limits },
      git: program,
      log: {
        info: (fields, message) => void bed.said.push({ fields, message }),
        warn: (fields, message) => void bed.said.push({ fields, message }),
      },
      now: Date.now,
    })
    return () => readFileSync(log, 'utf8').split('\n')
  }

  async function looked(more: Partial<Incoming> = {}, pack = thin, of = update): Promise<SpooledPush> {
    const push = bed.push([of], more)
    assert.ok((await push.receive(chunks(pack), never)).ok)
    assert.equal(await push.index(never), undefined)
    return push
  }

  /** The repository over HTTP, for who brings the right header. */
  async function served(): Promise<{ url: string; server: Server; asked: string[] }> {
    const asked: string[] = []
    const server = createServer((req, res) => {
      asked.push(`${req.headers.authorization} ${req.url}`)
      if (req.headers.authorization !== SECRET) return void res.writeHead(401).end()
      if (req.url!.startsWith('/moved.git'))
        return void res.writeHead(302, { location: req.url!.replace('moved', 'origin') }).end()
      const [path, query = ''] = req.url!.split('?')
      const cgi = spawn('git', ['http-backend'], {
        env: {
          PATH: process.env['PATH'],
          GIT_PROJECT_ROOT: bed.root,
          GIT_HTTP_EXPORT_ALL: '1',
          PATH_INFO: path,
          QUERY_STRING: query,
          REQUEST_METHOD: req.method,
          CONTENT_TYPE: req.headers['content-type'] ?? '',
          HTTP_GIT_PROTOCOL: String(req.headers['git-protocol'] ?? ''),
          HTTP_CONTENT_ENCODING: req.headers['content-encoding'] ?? '',
        },
      })
      req.pipe(cgi.stdin)
      let head = Buffer.alloc(0)
      let begun = false
      cgi.stdout.on('data', (chunk: Buffer) => {
        if (begun) return void res.write(chunk)
        head = Buffer.concat([head, chunk])
        const end = head.indexOf('\r\n\r\n')
        if (end === -1) return
        begun = true
        for (const line of head.toString('latin1', 0, end).split('\r\n')) {
          const [name, value] = line.split(': ') as [string, string]
          if (name === 'Status') res.statusCode = Number.parseInt(value, 10)
          else res.setHeader(name, value)
        }
        res.write(head.subarray(end + 4))
      })
      cgi.stdout.on('end', () => res.end())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, asked }
  }

  test('over HTTP: the header goes to the forge and is seen nowhere else', async () => {
    const { url, server, asked } = await served()
    try {
      const calls = await watched()
      const remote = { url: `${url}/origin.git`, authorization: async () => SECRET }
      const push = await looked({ remote })
      const landing = await push.look(never)
      assert.equal(landing.shown, 'diff')
      assert.ok(asked.some((line) => line.startsWith(`${SECRET} /origin.git/`)))
      const lines = calls()
      for (let i = 0; i + 1 < lines.length; i += 2) {
        assert.ok(!lines[i]!.includes('c2VjcmV0'), 'in no argument')
        if (!lines[i]!.includes(' fetch '))
          assert.ok(!lines[i + 1]!.includes('c2VjcmV0'), 'only the fetch has it')
        for (const [name] of lines[i + 1]!.matchAll(
          /(?:^| )(GIT_\w+|HOME|SSH_\w+|XDG_\w+|LD_\w+|NODE_\w+)=/g,
        ))
          assert.match(
            name,
            / ?(GIT_CONFIG_(NOSYSTEM|GLOBAL|COUNT|KEY_0|VALUE_0)|GIT_ATTR_(NOSYSTEM|SOURCE)|GIT_NO_REPLACE_OBJECTS|GIT_TERMINAL_PROMPT|GIT_OPTIONAL_LOCKS|GIT_DIR|HOME|XDG_CONFIG_HOME)=/,
          )
      }
      await push.dispose()
      const wrong = bed.push([update], {
        repo: { id: 8, owner: 'acme', name: 'other' },
        remote: { url: `${url}/origin.git`, authorization: async () => `${SECRET}x` },
      })
      assert.match((await wrong.look(never)).missing[0]!, /could not be read/)
      const moved = bed.push([update], {
        repo: { id: 9, owner: 'acme', name: 'moved' },
        remote: { url: `${url}/moved.git`, authorization: async () => SECRET },
      })
      assert.match((await moved.look(never)).missing[0]!, /could not be read/)
      assert.ok(!JSON.stringify(bed.said).includes('c2VjcmV0'))
      assert.deepEqual(
        mirrors().filter((name) => /^[89]-/.test(name)),
        [],
        'half-made ones are gone',
      )
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })
  test('pushes at once to one repository share fetches', async () => {
    const calls = await watched()
    const pushes = await Promise.all(Array.from({ length: 6 }, () => looked()))
    const landings = await Promise.all(pushes.map((push) => push.look(never)))
    assert.ok(landings.every(({ shown }) => shown === 'diff'))
    assert.equal(calls().filter((line) => line.includes(' fetch ')).length, 2)
    assert.equal(mirrors().length, 1)
  })
  test('what is new is judged by the refs as they are now', async () => {
    await bed.open()
    await (await looked()).dispose()
    const create = { before: ZERO, after: tip, ref: 'refs/heads/new' }
    const first = await looked({}, thin, create)
    assert.equal((await first.look(never)).refs[0]!.gains.total, 1)
    bed.git('push', '-q', 'origin', `${tip}:refs/heads/elsewhere`)
    const second = await looked({}, thin, create)
    assert.equal((await second.look(never)).refs[0]!.gains.total, 0)
    bed.git('push', '-q', 'origin', ':refs/heads/elsewhere')
    const third = await looked({}, thin, create)
    assert.equal((await third.look(never)).refs[0]!.gains.total, 1)
  })
  for (const [name, harm] of [
    ['a pack cut short', (pack: string) => truncateSync(pack, 40)],
    ['a pack gone', (pack: string) => rmSync(pack)],
    ['its objects gone', (pack: string) => rmSync(join(pack, '../../../objects'), { recursive: true })],
  ] as const) {
    test(`broken (${name}): made whole`, async () => {
      await bed.open()
      await (await looked()).dispose()
      const [place] = mirrors()
      const packs = join(bed.dir, 'mirror', place!, 'objects', 'pack')
      const pack = readdirSync(packs).find((file) => file.endsWith('.pack'))!
      chmodSync(join(packs, pack), 0o600)
      harm(join(packs, pack))
      const push = await looked()
      assert.equal((await push.look(never)).shown, 'diff')
      await push.dispose()
      await bed.spool.close()
      assert.equal(mirrors().length, 1)
    })
  }
  test('too large: none, and it is said; whole packs pass, thin ones are told how', async () => {
    const noise = bed.object('blob', randomBytes(300_000))
    bed.git('tag', 'noise', noise)
    bed.git('push', '-q', 'origin', 'noise')
    await bed.open({ mirrorBytes: 20_000 })
    const push = await looked({}, bed.pack([tip], [base]))
    const landing = await push.look(never)
    assert.equal(landing.shown, 'refs')
    assert.deepEqual(landing.missing, ['The repository is too large to be looked into here.'])
    assert.deepEqual(mirrors(), [])
    const other = bed.push([update])
    assert.ok((await other.receive(chunks(thin), never)).ok)
    const refused = await other.index(never)
    assert.equal(refused?.reason, 'upstream')
    assert.match(refused.fix!, /--no-thin/)
    bed.git('push', '-q', 'origin', ':noise')
  })
  test('a forge that does not answer, or not in time', async () => {
    await bed.open({ mirrorWaitMs: 400 })
    const down = await looked(
      { remote: { url: 'http://127.0.0.1:9/x.git', authorization: async () => SECRET } },
      bed.pack([tip], [base]),
    )
    assert.deepEqual((await down.look(never)).missing, ['The repository could not be read.'])
    // A branch at a commit that only the forge has: nothing can be shown of it, and nothing is wrong with it.
    const elsewhere = bed.push([update], {
      repo: { id: 13, owner: 'acme', name: 'down' },
      remote: { url: 'http://127.0.0.1:9/x.git', authorization: async () => SECRET },
    })
    assert.ok((await elsewhere.receive(chunks(EMPTY_PACK), never)).ok)
    assert.equal(await elsewhere.index(never), undefined)
    assert.equal((await elsewhere.look(never)).shown, 'refs')
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const remote = {
      url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/x.git`,
      authorization: async () => SECRET,
    }
    const repo = { id: 12, owner: 'acme', name: 'slow' }
    const slow = await looked({ repo, remote }, bed.pack([tip], [base]))
    assert.deepEqual((await slow.look(never)).missing, ['The repository could not be read in time.'])
    const began = performance.now()
    await bed.spool.close()
    assert.ok(performance.now() - began < 2000, 'closing ends the fetch')
    silent.close()
    silent.closeAllConnections()
  })
  test('no authority, no address: said, not thrown', async () => {
    await bed.open()
    for (const [id, remote] of [
      [20, { url: `file://${bed.origin}`, authorization: () => Promise.reject(new Error('no token')) }],
      [21, { url: 'ext::sh -c touch% /tmp/x', authorization: async () => '' }],
      [22, { url: '--upload-pack=x', authorization: async () => '' }],
    ] as const) {
      const push = bed.push([update], { repo: { id, owner: 'a', name: 'b' }, remote })
      assert.deepEqual((await push.look(never)).missing, ['The repository could not be read.'])
    }
  })
  test('kept over a restart', async () => {
    await bed.open()
    await (await looked()).dispose()
    await bed.spool.close()
    const [place] = mirrors()
    await bed.open()
    assert.deepEqual(mirrors(), [place])
    const push = await looked()
    assert.equal((await push.look(never)).shown, 'diff')
    assert.deepEqual(mirrors(), [place])
  })
  test('together no larger than they may be: those unused longest go', async () => {
    await bed.open({ mirrorsBytes: 40_000 })
    for (let id = 1; id <= 12; id++) {
      const push = await looked({ repo: { id, owner: 'a', name: `n${id}` } })
      await push.dispose()
    }
    await bed.spool.close()
    const left = mirrors().map((name) => Number(name.split('-')[0]))
    assert.ok(left.length > 0 && left.length < 12)
    assert.ok(left.includes(12) && !left.includes(1))
  })
  test('one that lacks something inside is found out by the push that needs it', async () => {
    await bed.open()
    await (await looked()).dispose()
    const next = bed.git('commit-tree', '-m', 'next', '-p', base, `${tip}^{tree}`)
    bed.git('push', '-q', 'origin', `${next}:refs/heads/next`)
    await (await looked()).dispose()
    const packs = join(bed.dir, 'mirror', mirrors()[0]!, 'objects', 'pack')
    const size = (name: string): number => statSync(join(packs, name)).size
    const first = readdirSync(packs)
      .filter((name) => name.endsWith('.pack'))
      .sort((a, b) => size(b) - size(a))[0]!
    bed.git('push', '-q', 'origin', `${next}:refs/heads/main`)
    await bed.spool.close()
    for (const end of ['pack', 'idx']) rmSync(join(packs, first.replace(/pack$/, end)), { force: true })
    writeFileSync(join(packs, '../../packed-refs'), '')
    rmSync(join(packs, '../../refs/heads/main'), { force: true })
    await bed.open()
    const then = { before: next, after: tip, ref: 'refs/heads/next' }
    const lacking = await looked({}, bed.pack([tip], [base]), then)
    await lacking.look(never)
    await lacking.dispose()
    const whole = await looked({}, bed.pack([tip], [base]), then)
    assert.equal((await whole.look(never)).shown, 'diff')
    bed.git('push', '-q', 'origin', ':next', `+${base}:refs/heads/main`)
  })
  test('many fetches leave few packs', async () => {
    await bed.open()
    let parent = tip
    for (let i = 0; i < 26; i++) {
      parent = bed.git('commit-tree', '-m', `n${i}`, '-p', parent, `${tip}^{tree}`)
      bed.git('push', '-q', 'origin', `${parent}:refs/heads/grows`)
      const push = bed.push([update])
      assert.equal((await push.look(never)).refs.length, 1)
      await push.dispose()
    }
    await bed.spool.close()
    const packs = readdirSync(join(bed.dir, 'mirror', mirrors()[0]!, 'objects', 'pack'))
    assert.ok(packs.filter((name) => name.endsWith('.pack')).length < 20)
    bed.git('push', '-q', 'origin', ':refs/heads/grows')
    assert.ok(existsSync(bed.origin))
  })
})
