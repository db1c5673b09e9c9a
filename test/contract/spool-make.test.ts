import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { blobId } from '../../src/core/git/blob-id.ts'
import type { CommitPlan, PlannedFile } from '../../src/core/git/commit-plan.ts'
import { ok } from '../../src/core/result.ts'
import type { MadeCommit } from '../../src/spool/spool.ts'
import { Bed } from './spool-bed.ts'

const bed = new Bed()
const { updates: _, ...place } = bed.incoming([])
let tip: string

before(async () => {
  mkdirSync(join(bed.work, 'docs'))
  writeFileSync(join(bed.work, 'docs', 'a.txt'), 'a\n')
  writeFileSync(join(bed.work, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 })
  // Attributes, a filter and ident lines of a tree have no say in what is made beside it.
  writeFileSync(join(bed.work, '.gitattributes'), '* ident filter=evil eol=crlf\n')
  symlinkSync('docs', join(bed.work, 'link'))
  bed.git('add', '-A')
  bed.git('commit', '-q', '-m', 'x')
  bed.git('push', '-q', 'origin', 'main')
  tip = bed.git('rev-parse', 'HEAD')
  await bed.open()
})
after(() => bed.end())

const put = (path: string, content: string, mode = '100644'): PlannedFile => ({
  path,
  mode,
  id: blobId(Buffer.from(content)),
  content: Buffer.from(content),
})
const plan = (puts: readonly PlannedFile[], removes: readonly string[] = []): CommitPlan => ({
  parent: tip,
  removes,
  puts,
  person: { name: 'Älice', email: 'alice@example.com' },
  time: 1_764_000_000_000,
  message: 'Make it',
})

/** What git holds of it after unpacking, in a repository that has the parent only. */
async function land({ id, pack }: MadeCommit): Promise<string> {
  const bytes: Buffer[] = []
  for await (const part of pack()) bytes.push(part as Buffer)
  execFileSync('git', ['index-pack', '--stdin'], {
    cwd: bed.work,
    input: Buffer.concat(bytes),
    stdio: 'pipe',
  })
  bed.git('fsck', '--strict', id)
  return id
}
const make = (wanted: CommitPlan, use = land) =>
  bed.spool.make(place, wanted.parent, async () => ok(wanted), use)

test('exactly the plan, the same id each time, and nothing stays behind', async () => {
  const wanted = plan(
    [put('docs/new file.txt', '$Id$\r\nx\n'), put('run.sh', 'exit\n', '100755')],
    ['docs/a.txt'],
  )
  const made = await make(wanted)
  assert.ok(made.ok, JSON.stringify(made))
  const id = made.value
  assert.deepEqual(await make(wanted), made)
  assert.equal(bed.git('rev-parse', `${id}^`), tip)
  assert.equal(bed.git('rev-parse', `${id}:docs/new file.txt`), blobId(Buffer.from('$Id$\r\nx\n')))
  assert.equal(
    bed.git('diff-tree', '-r', '--name-status', tip, id),
    'D\tdocs/a.txt\nA\tdocs/new file.txt\nM\trun.sh',
  )
  assert.equal(
    bed.git('log', '-1', '--format=%an <%ae> %cn %ct %B', id),
    'Älice <alice@example.com> Älice 1764000000 Make it',
  )
  assert.match(bed.git('ls-tree', id, 'run.sh'), /^100755 /)
  assert.deepEqual(readdirSync(join(bed.dir, 'push')), [])
})

test('the first commit of all, of nothing but what was planned', async () => {
  const made = await bed.spool.make(
    { ...place, remote: { ...place.remote, url: 'file:///nowhere' } },
    null,
    async () => ok({ ...plan([put('Home.md', 'hello\n')]), parent: null }),
    land,
  )
  assert.ok(made.ok)
  assert.equal(bed.git('log', '--format=%P', made.value), '')
  assert.equal(bed.git('ls-tree', '-r', '--name-only', made.value), 'Home.md')
})

test('a file of ours, of any bytes', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'made-')), 'x')
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256))
  writeFileSync(file, bytes)
  const wanted = { path: 'x.bin', mode: '100644', id: blobId(bytes), content: { file } }
  const made = await make(plan([wanted]))
  assert.ok(made.ok)
  assert.equal(bed.git('rev-parse', `${made.value}:x.bin`), wanted.id)
  writeFileSync(file, 'another')
  assert.equal((await make(plan([wanted]))).ok, false)
  assert.equal((await make(plan([{ ...wanted, content: { file: `${file}-gone` } }]))).ok, false)
})

for (const path of [
  '.git/config',
  '.GIT/config',
  'docs/.git',
  'git~1',
  '.git./x',
  '.git /x',
  '.g\u200cit/config',
  '../x',
  'docs/../x',
  './x',
  'docs//x',
  '/x',
  'x/',
  '',
  'docs/a.txt/x',
  'docs',
  'link/x',
  'docs/x\\..\\..\\.git\\config',
])
  test(`no commit of ${JSON.stringify(path)}`, async () => {
    const made = await make(plan([put(path, 'x\n')]), async ({ id }) => id)
    assert.equal(made.ok ? made.value : made.error.reason, 'bad-request')
    assert.deepEqual(readdirSync(join(bed.dir, 'push')), [])
  })

test('refused: what changes nothing, what is not there, another id than the bytes have, a parent that is not there', async () => {
  for (const wanted of [
    plan([put('docs/a.txt', 'a\n')]),
    plan([], ['docs/none.txt']),
    plan([{ ...put('x', 'x'), id: blobId(Buffer.from('y')) }]),
    { ...plan([put('x', 'x')]), parent: '1'.repeat(40) },
  ])
    assert.equal((await make(wanted)).ok, false, JSON.stringify(wanted))
})

test('what its user does with it is handed back, and what fails there leaves nothing', async () => {
  const made = await make(plan([put('y', 'y')]), ({ pack }) => text(pack()).then((all) => all.slice(0, 4)))
  assert.deepEqual(made, { ok: true, value: 'PACK' })
  await assert.rejects(
    make(plan([put('y', 'y')]), () => Promise.reject(new Error('mine'))),
    /mine/,
  )
  assert.deepEqual(readdirSync(join(bed.dir, 'push')), [])
})
