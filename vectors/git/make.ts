// Makes the wire vectors of this folder: `node vectors/git/make.ts`, with stock git on PATH. Valid ones are what stock git
// sent and answered, caught on the way; what they mean is told by git itself (for-each-ref before and after). Invalid ones
// are valid ones with one thing wrong. `certificate/` is made by ../ssh/make.ts.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratch } from '../../test/support/gateway.ts'
import { Git } from '../../test/support/git.ts'
import { startAgent } from '../../test/support/sk-agent.ts'
import { receivePack, stockServer } from '../../test/support/stock-receive-pack.ts'

const here = import.meta.dirname
const dir = scratch('vectors')
const agent = await startAgent(dir)
const ed25519 = agent.addKey('ed25519-sk', 'ed25519')
const ecdsa = agent.addKey('ecdsa-sk', 'ecdsa')
const git = new Git(join(dir, 'home'), agent.socket)
await git.configure({ 'gpg.format': 'ssh', 'user.signingkey': ed25519.path, 'push.gpgSign': 'if-asked' })
const server = await stockServer(dir)

function fresh(...path: string[]): string {
  const out = join(here, ...path)
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  return out
}
const pkt = (payload: Buffer | string): Buffer => {
  const bytes = Buffer.from(payload as string, 'latin1')
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}
const FLUSH = Buffer.from('0000')

async function repository(name: string, ...init: string[]): Promise<string> {
  const bare = join(dir, `${name}.git`)
  await git.ok(dir, 'init', '-q', '--bare', ...init, bare)
  await git.ok(bare, 'config', 'receive.advertisePushOptions', 'true')
  await git.ok(bare, 'config', 'receive.certNonceSeed', 'vector')
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
      .filter(Boolean)
      .map((line) => line.split(' ') as [string, string]),
  )

const heads = fresh('receive-pack', 'valid')
const bodies = new Map<string, Buffer>()
/** Push, and keep what was sent with what git says came of it. */
async function push(
  name: string,
  repo: string,
  work: string,
  args: string[],
  more: object = {},
): Promise<void> {
  const before = await refsOf(repo)
  await git.ok(work, ...args)
  const after = await refsOf(repo)
  const zero = '0'.repeat([...after.values(), ...before.values()][0]!.length)
  const refs = [...new Set([...before.keys(), ...after.keys()])]
    .filter((ref) => before.get(ref) !== after.get(ref))
    .sort()
  const body = server.sent.at(-1)!
  const pack = body.indexOf('PACK')
  bodies.set(name, body)
  writeFileSync(join(heads, `${name}.body`), body)
  const expected = {
    command: `git ${args.join(' ')}`.replaceAll(`${dir}/`, ''),
    updates: refs.map((ref) => ({ before: before.get(ref) ?? zero, after: after.get(ref) ?? zero, ref })),
    shallow: [],
    pushOptions: [],
    certified: true,
    head: pack === -1 ? body.length : pack,
    ...more,
  }
  writeFileSync(join(heads, `${name}.json`), `${JSON.stringify(expected, null, 2)}\n`)
}

const work = await repository('app')
await push('create', 'app', work, ['push', 'origin', 'HEAD:refs/heads/main'])
await git.commit(work, 'second', (at) => writeFileSync(join(at, 'b'), 'b'))
await git.ok(work, 'tag', 'v1')
await push(
  'atomic-options',
  'app',
  work,
  [
    'push',
    '--atomic',
    '-o',
    'ci.skip',
    '-o',
    'reason=hot fix',
    'origin',
    'HEAD:refs/heads/main',
    'HEAD:refs/heads/topic',
    'v1',
  ],
  { pushOptions: ['ci.skip', 'reason=hot fix'] },
)
const filled = server.advertised.length
await push('delete', 'app', work, ['push', 'origin', ':refs/tags/v1', ':refs/heads/topic'])
await git.commit(work, 'third', (at) => writeFileSync(join(at, 'c'), 'c'))
await push('by-ecdsa', 'app', work, [
  '-c',
  `user.signingkey=${ecdsa.path}`,
  'push',
  'origin',
  'HEAD:refs/heads/main',
])
await git.commit(work, 'fourth', (at) => writeFileSync(join(at, 'd'), 'd'))
await push(
  'uncertified',
  'app',
  work,
  ['-c', 'push.gpgSign=false', 'push', 'origin', 'HEAD:refs/heads/main', 'HEAD:refs/heads/two'],
  { certified: false },
)
const shallow = join(dir, 'shallow')
await git.ok(dir, 'clone', '-q', '--depth', '1', '-b', 'main', `file://${join(dir, 'app.git')}`, shallow)
await git.ok(shallow, 'remote', 'set-url', 'origin', server.url('app.git'))
const boundary = await git.ok(shallow, 'rev-parse', 'HEAD')
await git.commit(shallow, 'fifth', (at) => writeFileSync(join(at, 'e'), 'e'))
await push('shallow', 'app', shallow, ['push', 'origin', 'HEAD:refs/heads/main'], { shallow: [boundary] })
const long = await repository('sha256', '--object-format=sha256')
await push('sha256', 'sha256', long, ['push', 'origin', 'HEAD:refs/heads/main'])
writeFileSync(join(heads, 'probe.body'), FLUSH)

// One thing wrong with each; the folder names the error.
const create = bodies.get('create')!.toString('latin1')
const options = bodies.get('atomic-options')!.toString('latin1')
const plain = bodies.get('uncertified')!.toString('latin1')
/** Packets of a head, flushes as ''. */
function packets(body: string): string[] {
  const out: string[] = []
  for (let at = 0; at < body.length && !body.startsWith('PACK', at); ) {
    const size = Number.parseInt(body.slice(at, at + 4), 16)
    out.push(size === 0 ? '' : body.slice(at + 4, at + size))
    at += size || 4
  }
  return out
}
const join_ = (list: readonly string[], rest = ''): Buffer =>
  Buffer.concat([...list.map((line) => (line === '' ? FLUSH : pkt(line))), Buffer.from(rest, 'latin1')])
const edit = (body: string, change: (lines: string[]) => void): Buffer => {
  const lines = packets(body)
  change(lines)
  return join_(lines, body.includes('PACK') ? body.slice(body.indexOf('PACK')) : '')
}
const at = (lines: string[], start: string): number => lines.findIndex((line) => line.startsWith(start))
const swap = (body: string, from: string | RegExp, to: string): Buffer =>
  edit(body, (lines) => {
    const i = lines.findIndex((line) => (typeof from === 'string' ? line.includes(from) : from.test(line)))
    lines[i] = lines[i]!.replace(from, to)
  })
const armor = packets(create).slice(at(packets(create), '-----BEGIN'), at(packets(create), '-----END') + 1)
const id = '1'.repeat(40)
const INVALID: Record<string, Record<string, Buffer>> = {
  malformed: {
    'no-capabilities': edit(plain, (l) => (l[0] = l[0]!.replace(/\0.*/, ''))),
    'capabilities-twice': edit(plain, (l) => (l[1] += '\0 report-status')),
    'flag-with-value': swap(plain, / report-status-v2/, ' push-options=x report-status-v2'),
    'unknown-object-format': swap(plain, 'object-format=sha1', 'object-format=sha3'),
    'ids-of-another-format': swap(plain, 'object-format=sha1', 'object-format=sha256'),
    'ids-of-two-lengths': edit(plain, (l) => (l[1] = l[1]!.replace(/ [0-9a-f]{40} /, ` ${'1'.repeat(64)} `))),
    'ids-in-upper-case': edit(
      plain,
      (l) => (l[1] = l[1]!.replace(/ ([0-9a-f]{40}) /, (_, hex: string) => ` ${hex.toUpperCase()} `)),
    ),
    'nul-in-certificate': swap(create, 'refs/heads/main', 'refs/heads/ma\0in'),
    'flush-in-certificate': edit(create, (l) => l.splice(3, 0, '')),
    'lines-joined-in-one-packet': edit(create, (l) => l.splice(1, 2, l[1]! + l[2]!)),
    'line-without-newline': edit(create, (l) => (l[1] = l[1]!.trimEnd())),
    'two-signatures': edit(create, (l) => l.splice(at(l, 'push-cert-end'), 0, ...armor)),
    'no-signature': edit(create, (l) => l.splice(at(l, '-----BEGIN'), armor.length)),
    'no-end-of-certificate': edit(create, (l) => l.splice(at(l, 'push-cert-end'), 1)),
    'another-version': swap(create, 'version 0.1', 'version 0.2'),
    'unknown-header': edit(create, (l) => l.splice(3, 0, 'future x\n')),
    'header-twice': edit(create, (l) => l.splice(3, 0, l[3]!)),
    'headers-out-of-order': edit(create, (l) => l.splice(3, 2, l[4]!, l[3]!)),
    'no-nonce': edit(create, (l) => l.splice(at(l, 'nonce '), 1)),
    'no-blank-line': edit(create, (l) => l.splice(l.indexOf('\n'), 1)),
    'no-command': edit(create, (l) => l.splice(l.indexOf('\n') + 1, 1)),
    'ref-too-long': swap(create, 'refs/heads/main', `refs/heads/${'a'.repeat(4096)}`),
    'shallow-behind-commands': edit(plain, (l) => l.splice(2, 0, `shallow ${id}`)),
    'shallow-alone': join_([`shallow ${id}`, '']),
    'length-0003': Buffer.from('0003'),
    'length-above-65520': Buffer.from('fff1'),
    'length-signed': Buffer.from(`+00${plain.slice(3)}`, 'latin1'),
    'length-not-hex': Buffer.from(`0x${plain.slice(2)}`, 'latin1'),
    'delimiter-of-protocol-v2': Buffer.from(
      `${plain.slice(0, plain.indexOf('0000PACK'))}0001${plain.slice(plain.indexOf('PACK'))}`,
      'latin1',
    ),
    'cut-short': Buffer.from(create.slice(0, 400), 'latin1'),
    'probe-with-something-behind': Buffer.from('0000PACK'),
  },
  mixed: {
    'commands-beside-a-certificate': edit(create, (l) =>
      l.splice(at(l, 'push-cert-end') + 1, 0, `${id} ${id} refs/heads/evil`),
    ),
    'certificate-after-commands': edit(plain, (l) => l.splice(2, 0, 'push-cert')),
  },
  'options-differ': {
    'one-changed': edit(options, (l) => (l[l.lastIndexOf('ci.skip')] = 'ci.skip2')),
    'one-not-sent': edit(options, (l) => l.splice(l.lastIndexOf('ci.skip'), 1)),
    'one-not-signed': edit(options, (l) => l.splice(l.lastIndexOf('ci.skip'), 0, 'more')),
    'in-another-order': edit(options, (l) =>
      l.splice(l.lastIndexOf('ci.skip'), 2, 'reason=hot fix', 'ci.skip'),
    ),
    'signed-but-not-negotiated': edit(options, (l) => {
      l[0] = l[0]!.replace(' push-options', '')
      l.splice(l.lastIndexOf('ci.skip'), 3)
    }),
  },
}
for (const [error, cases] of Object.entries(INVALID)) {
  const out = fresh('receive-pack', 'invalid', error)
  for (const [name, body] of Object.entries(cases)) writeFileSync(join(out, `${name}.body`), body)
}

// Advertisements, with what for-each-ref says.
const advertisements = fresh('advertisement', 'valid')
async function advertisement(name: string, repo: string, bytes: Buffer): Promise<void> {
  writeFileSync(join(advertisements, `${name}.adv`), bytes)
  writeFileSync(
    join(advertisements, `${name}.json`),
    `${JSON.stringify(Object.fromEntries(await refsOf(repo)), null, 2)}\n`,
  )
}
await git.ok(work, 'tag', '-a', '-m', 'annotated', 'v2')
await git.ok(work, 'push', 'origin', 'v2')
await git.ok(join(dir, 'app.git'), 'update-ref', 'refs/internal/x', await git.ok(work, 'rev-parse', 'HEAD'))
await git.ok(work, 'push', '--dry-run', 'origin', 'HEAD:refs/heads/x')
await advertisement('receive-pack', 'app', server.advertised.at(-1)!)
await repository('empty')
await advertisement('empty', 'empty', await receivePack(join(dir, 'empty.git'), ['--advertise-refs']))
await advertisement('sha256', 'sha256', await receivePack(join(dir, 'sha256.git'), ['--advertise-refs']))
await git.ok(
  dir,
  'clone',
  '-q',
  '--bare',
  '--reference',
  join(dir, 'app.git'),
  join(dir, 'empty.git'),
  join(dir, 'borrower.git'),
)
await advertisement(
  'with-have-lines',
  'borrower',
  await receivePack(join(dir, 'borrower.git'), ['--advertise-refs']),
)
const adv = server.advertised[filled]!.toString('latin1')
const out = fresh('advertisement', 'invalid')
const name = adv.indexOf('0000') + 4
for (const [title, text] of Object.entries({
  'no-flush-at-the-end': adv.slice(0, -4),
  'something-behind': `${adv}x`,
  'no-flush-behind-the-service': adv.replace('0000', ''),
  'no-nul': edit(adv.slice(name), (l) => (l[0] = `${l[0]!.replace(/\0.*\n/, '')}\n`)).toString('latin1'),
  'nul-in-a-second-line': edit(adv.slice(name), (l) => (l[1] = l[1]!.replace('\n', '\0x\n'))).toString(
    'latin1',
  ),
  'id-too-short': edit(adv.slice(name), (l) => (l[1] = l[1]!.slice(1))).toString('latin1'),
  'cut-short': adv.slice(0, adv.length - 20),
  'error-line': pkt('ERR no such repository\n').toString('latin1'),
}))
  writeFileSync(join(out, `${title}.adv`), Buffer.from(text, 'latin1'))

// Reports: accepted, refused by a hook, a broken pack; with and without a side band.
const reports = fresh('report-status', 'valid')
const hook = join(dir, 'app.git', 'hooks', 'update')
writeFileSync(hook, '#!/bin/sh\necho "looking at $1" >&2\ncase $1 in */no*) exit 1;; esac\n')
chmodSync(hook, 0o755)
async function report(name: string, sideBand: boolean, bytes: Buffer, refs: object[]): Promise<void> {
  writeFileSync(join(reports, `${name}.report`), bytes)
  writeFileSync(join(reports, `${name}.json`), `${JSON.stringify({ sideBand, refs }, null, 2)}\n`)
}
const told = [
  { ref: 'refs/heads/yes', ok: true },
  { ref: 'refs/heads/no', ok: false, reason: 'hook declined' },
]
await git.git(work, 'push', 'origin', 'HEAD:refs/heads/yes', 'HEAD:refs/heads/no')
await report('partly-accepted', true, server.answered.at(-1)!, told)
await git.ok(join(dir, 'app.git'), 'update-ref', '-d', 'refs/heads/yes')
const tip = await git.ok(work, 'rev-parse', 'HEAD')
const command = (ref: string): string => `${'0'.repeat(40)} ${tip} ${ref}`
const body = server.sent.at(-1)!
const pack = body.subarray(body.indexOf('PACK'))
const without = Buffer.concat([
  pkt(`${command('refs/heads/yes')}\0 report-status`),
  pkt(command('refs/heads/no')),
  FLUSH,
])
await report(
  'without-side-band',
  false,
  await receivePack(join(dir, 'app.git'), [], Buffer.concat([without, pack])),
  told,
)
await git.ok(join(dir, 'app.git'), 'update-ref', '-d', 'refs/heads/yes')
const broken = Buffer.concat([without, pack.subarray(0, -1), Buffer.from([pack.at(-1)! ^ 1])])
await report(
  'unpack-failed',
  false,
  await receivePack(join(dir, 'app.git'), [], broken),
  told.map(({ ref }) => ({ ref, ok: false, reason: 'unpacker error' })),
)

server.close()
agent.close()
