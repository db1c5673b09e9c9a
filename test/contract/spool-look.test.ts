import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Landing, Patch, RefLanding } from '../../src/core/git/landing.ts'
import { Bed, never, ZERO } from './spool-bed.ts'

const MAIN = 'refs/heads/main'
const text = (n: number, mark = ''): string =>
  Array.from({ length: n }, (_, i) => `line ${i} of something${mark}\n`).join('')

describe('what a push would do', () => {
  const bed = new Bed()
  let root: string
  let base: string
  before(async () => {
    root = bed.commit('root', (dir) => writeFileSync(join(dir, 'a.txt'), text(50)))
    base = bed.commit('base', (dir) => {
      writeFileSync(join(dir, 'b.txt'), text(40))
      writeFileSync(join(dir, 'run.sh'), 'echo\n')
      writeFileSync(join(dir, 'bin'), Buffer.from([0, 1, 2, 3]))
    })
    bed.git('push', '-q', 'origin', 'main')
    await bed.open()
  })
  after(() => bed.end())

  interface Seen {
    landing: Landing
    ref: RefLanding
    patch: Patch
  }
  async function look(before: string, after: string, ref = MAIN, has = [base]): Promise<Seen> {
    const pack = after === ZERO ? Buffer.alloc(0) : bed.pack([after], has, '--thin')
    const push = await bed.indexed([{ before, after, ref }], pack)
    const landing = await push.look(never)
    const patch = await push.patch(0, 1 << 20)
    await push.dispose()
    return { landing, ref: landing.refs[0]!, patch }
  }
  const from = (start: string, message: string, write: (dir: string) => void): string => {
    bed.git('checkout', '-q', '-f', '--detach', start)
    return bed.commit(message, write)
  }

  test('forward: commits, files and lines', async () => {
    const one = from(base, 'one\n\nwith a body', (dir) => appendFileSync(join(dir, 'a.txt'), 'more\n'))
    const two = bed.commit('two', (dir) => rmSync(join(dir, 'b.txt')))
    const { landing, ref, patch } = await look(base, two)
    assert.equal(landing.shown, 'diff')
    assert.deepEqual(landing.missing, [])
    assert.equal(ref.move, 'forward')
    assert.equal(ref.gains.total, 2)
    assert.deepEqual(
      ref.gains.commits.map(({ id, message, parents }) => [id, message, parents]),
      [
        [two, 'two', [one]],
        [one, 'one\n\nwith a body', [base]],
      ],
    )
    assert.deepEqual(ref.gains.commits[0]!.author, {
      name: 'A. Author',
      email: 'author@example.com',
      time: 1_700_000_000,
    })
    assert.deepEqual(ref.gains.commits[0]!.committer, {
      name: 'C. Committer',
      email: 'committer@example.com',
      time: 1_700_000_001,
    })
    assert.deepEqual(ref.loses, { commits: [], total: 0 })
    assert.deepEqual(ref.files, {
      files: [
        { path: 'a.txt', from: null, status: 'modified', modes: ['100644', '100644'], added: 1, removed: 0 },
        { path: 'b.txt', from: null, status: 'deleted', modes: ['100644', '000000'], added: 0, removed: 40 },
      ],
      total: 2,
      added: 1,
      removed: 40,
    })
    assert.equal(patch.cut, false)
    assert.deepEqual(patch.files[0]!.hunks[0]!.lines.map((line) => `${line.kind} ${line.text}`).slice(-2), [
      'same line 49 of something',
      'added more',
    ])
    assert.equal(patch.files[1]!.hunks[0]!.lines.length, 40)
  })
  test('rewrite: what is taken away, and what another branch still has', async () => {
    const kept = from(base, 'kept', () => {})
    const lost = bed.commit('lost', () => {})
    bed.git('push', '-q', 'origin', `${lost}:refs/heads/feature`, `${kept}:refs/heads/other`)
    const fresh = from(base, 'fresh', (dir) => writeFileSync(join(dir, 'c'), 'c\n'))
    const { landing, ref } = await look(lost, fresh, 'refs/heads/feature')
    assert.equal(landing.shown, 'diff')
    assert.equal(ref.move, 'rewrite')
    assert.deepEqual(
      ref.loses.commits.map(({ id }) => id),
      [lost],
    )
    assert.deepEqual(
      ref.gains.commits.map(({ id }) => id),
      [fresh],
    )
    const all = await look(lost, root, 'refs/heads/feature')
    assert.equal(all.ref.move, 'rewrite')
    assert.equal(all.ref.gains.total, 0)
    bed.git('push', '-q', 'origin', ':refs/heads/feature', ':refs/heads/other')
  })
  test('delete: what goes with it', async () => {
    const gone = from(base, 'gone', () => {})
    bed.git('push', '-q', 'origin', `${gone}:refs/heads/gone`)
    const { landing, ref, patch } = await look(gone, ZERO, 'refs/heads/gone')
    assert.equal(landing.shown, 'diff')
    assert.equal(ref.move, 'delete')
    assert.deepEqual(
      ref.loses.commits.map(({ id }) => id),
      [gone],
    )
    assert.equal(ref.files, null)
    assert.deepEqual(patch.files, [])
    bed.git('push', '-q', 'origin', ':refs/heads/gone')
  })
  test('a new branch at a commit that is there', async () => {
    const { landing, ref } = await look(ZERO, root, 'refs/heads/new')
    assert.equal(landing.shown, 'diff')
    assert.equal(ref.move, 'create')
    assert.equal(ref.gains.total, 0)
    assert.deepEqual(ref.files, { files: [], total: 0, added: 0, removed: 0 })
  })
  test('a new branch: against where it left the others, merges of others included', async () => {
    const side = from(root, 'side', (dir) => writeFileSync(join(dir, 'side'), 's\n'))
    bed.git('merge', '-q', '--no-ff', '-m', 'merge', base)
    const merged = bed.git('rev-parse', 'HEAD')
    const { ref } = await look(ZERO, merged, 'refs/heads/new')
    assert.deepEqual(
      ref.gains.commits.map(({ id }) => id),
      [merged, side],
    )
    assert.equal(ref.gains.commits[0]!.parents.length, 2)
    assert.deepEqual(ref.files!.files.map(({ path }) => path).sort(), ['b.txt', 'bin', 'run.sh', 'side'])
  })
  test('a commit that only a pull request has is new to a branch', async () => {
    const asked = from(base, 'asked', (dir) => writeFileSync(join(dir, 'asked'), 'x\n'))
    bed.git('push', '-q', 'origin', `${asked}:refs/pull/1/head`)
    const { ref } = await look(ZERO, asked, 'refs/heads/new', [asked])
    assert.deepEqual(
      ref.gains.commits.map(({ id }) => id),
      [asked],
    )
    assert.deepEqual(
      ref.files!.files.map(({ path }) => path),
      ['asked'],
    )
  })
  test('a branch without history in common', async () => {
    bed.git('checkout', '-q', '-f', '--orphan', 'alone')
    bed.git('rm', '-rqf', '.')
    const alone = bed.commit('alone', (dir) => writeFileSync(join(dir, 'x'), 'x\n'))
    const { ref } = await look(ZERO, alone, 'refs/heads/alone')
    assert.deepEqual(ref.gains.commits[0]!.parents, [])
    assert.deepEqual(
      ref.files!.files.map(({ path, status }) => [path, status]),
      [['x', 'added']],
    )
  })
  test('tags: light, annotated, of a tag, of a file', async () => {
    const tagged = from(base, 'tagged', () => {})
    const light = await look(ZERO, tagged, 'refs/tags/light')
    assert.equal(light.ref.tag, null)
    bed.git('tag', '-a', '-m', 'a release', 'v1', tagged)
    bed.git('tag', '-a', '-m', 'a tag of a tag', 'v1-again', 'v1')
    const v1 = bed.git('rev-parse', 'v1')
    const annotated = await look(ZERO, v1, 'refs/tags/v1')
    assert.deepEqual(annotated.ref.tag, {
      name: 'v1',
      target: tagged,
      tagger: { name: 'C. Committer', email: 'committer@example.com', time: 1_700_000_001 },
      message: 'a release',
      messageCut: false,
    })
    assert.deepEqual(
      annotated.ref.gains.commits.map(({ id }) => id),
      [tagged],
    )
    const nested = await look(ZERO, bed.git('rev-parse', 'v1-again'), 'refs/tags/v1-again')
    assert.equal(nested.ref.tag!.target, v1)
    assert.equal(nested.ref.gains.total, 1)
    const blob = bed.object('blob', 'x')
    const push = await bed.indexed([{ before: ZERO, after: blob, ref: 'refs/tags/blob' }], bed.packOf([blob]))
    const landing = await push.look(never)
    assert.equal(landing.shown, 'refs')
    assert.match(landing.missing[0]!, /refs\/tags\/blob: it does not point at a commit/)
    await push.dispose()
  })
  test('renames, modes, links, submodules, binary files, line ends', async () => {
    const after = from(base, 'kinds', (dir) => {
      renameSync(join(dir, 'a.txt'), join(dir, 'moved.txt'))
      appendFileSync(join(dir, 'moved.txt'), 'one more\n')
      chmodSync(join(dir, 'run.sh'), 0o755)
      writeFileSync(join(dir, 'bin'), Buffer.from([0, 9, 9]))
      rmSync(join(dir, 'b.txt'))
      symlinkSync('/etc/passwd', join(dir, 'b.txt'))
      writeFileSync(join(dir, 'crlf'), 'one\r\ntwo\r\n')
      writeFileSync(join(dir, 'noend'), 'no end')
      writeFileSync(join(dir, 'empty'), '')
      bed.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`)
    })
    bed.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`)
    bed.git('commit', '-q', '--amend', '-m', 'kinds')
    assert.ok(after)
    const { landing, ref, patch } = await look(base, bed.git('rev-parse', 'HEAD'))
    assert.equal(landing.shown, 'diff')
    const files = new Map(ref.files!.files.map((file) => [file.path, file]))
    assert.deepEqual(files.get('moved.txt'), {
      path: 'moved.txt',
      from: 'a.txt',
      status: 'renamed',
      modes: ['100644', '100644'],
      added: 1,
      removed: 0,
    })
    assert.deepEqual(files.get('run.sh')?.modes, ['100644', '100755'])
    assert.deepEqual(files.get('b.txt')?.modes, ['100644', '120000'])
    assert.equal(files.get('b.txt')?.status, 'type-changed')
    assert.deepEqual(files.get('sub')?.modes, ['000000', '160000'])
    assert.equal(files.get('bin')?.added, null)
    assert.equal(ref.files!.total, 8)
    assert.equal(patch.cut, false)
    const lines = (path: string): string[] =>
      patch.files
        .find(({ change }) => change.path === path)!
        .hunks.flatMap((hunk) => hunk.lines.map((line) => `${line.kind}:${line.text}`))
    assert.deepEqual(lines('run.sh'), [])
    assert.deepEqual(lines('bin'), [])
    assert.deepEqual(lines('empty'), [])
    assert.deepEqual(lines('crlf'), ['added:one\r', 'added:two\r'])
    assert.deepEqual(lines('noend'), ['added:no end', 'no-newline: No newline at end of file'])
    assert.deepEqual(lines('sub'), [`added:Subproject commit ${'1'.repeat(40)}`])
    assert.equal(lines('b.txt').at(-2), 'added:/etc/passwd')
    assert.equal(lines('b.txt').length, 42)
  })
  test('hostile names', async () => {
    const names = ['a\nb', 'tab\there', 'quote"d', '-x', ':100644', '\u202egnp.exe', 'b/diff --git a', ' ']
    const hostile = Buffer.concat([
      Buffer.from(`${bed.work}/`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('.txt'),
    ])
    bed.git('checkout', '-q', '-f', '--detach', base)
    bed.git('clean', '-qfd')
    mkdirSync(join(bed.work, 'b'), { recursive: true })
    for (const name of names) writeFileSync(join(bed.work, name), `in ${JSON.stringify(name)}\n`)
    writeFileSync(hostile, 'bytes\n')
    bed.git('add', '-A')
    const tree = bed.git('write-tree')
    const commit = bed.object(
      'commit',
      Buffer.concat([
        Buffer.from(`tree ${tree}\nparent ${base}\nauthor \u202eevil\ttab `),
        Buffer.from([0xff]),
        Buffer.from(' <a@b> <c@d> 1 +0000\ncommitter <> 99999999999999999999 x\nencoding latin1\n\nno\0end'),
      ]),
    )
    const { landing, ref, patch } = await look(base, commit)
    assert.equal(landing.shown, 'diff')
    assert.deepEqual(ref.files!.files.map(({ path }) => path).sort(), [...names, '\ufffd\ufffd.txt'].sort())
    assert.equal(patch.cut, false)
    for (const name of names)
      assert.deepEqual(
        patch.files.find(({ change }) => change.path === name)!.hunks[0]!.lines.map((line) => line.text),
        [`in ${JSON.stringify(name)}`],
      )
    const { author, committer, message } = ref.gains.commits[0]!
    assert.deepEqual(author, { name: '\u202eevil\ttab \ufffd', email: 'a@b', time: 1 })
    assert.deepEqual(committer, { name: '', email: '', time: 0 })
    assert.equal(message, 'no\0end')
  })
  test('a tree cannot hide its changes: attributes, mailmap, textconv', async () => {
    const after = from(base, 'hiding', (dir) => {
      writeFileSync(join(dir, '.gitattributes'), '* -diff\n*.txt binary diff=x linguist-generated\n')
      writeFileSync(join(dir, '.mailmap'), 'Somebody Else <else@example.com> <author@example.com>\n')
      writeFileSync(join(dir, '.gitconfig'), '[diff "x"]\n\ttextconv = true\n')
      appendFileSync(join(dir, 'a.txt'), 'seen\n')
    })
    bed.git('push', '-q', 'origin', `${after}:refs/heads/hiding`) // in the mirror, too
    const next = bed.commit('again', (dir) => appendFileSync(join(dir, 'a.txt'), 'seen too\n'))
    const { ref, patch } = await look(base, next)
    assert.equal(ref.files!.files.find(({ path }) => path === 'a.txt')!.added, 2)
    const shown = patch.files.find(({ change }) => change.path === 'a.txt')!.hunks[0]!.lines
    assert.deepEqual(
      shown.slice(-2).map((line) => line.text),
      ['seen', 'seen too'],
    )
    assert.equal(ref.gains.commits[0]!.author.name, 'A. Author')
  })
  test('replacements in the repository have no effect', async () => {
    const evil = from(base, 'evil', (dir) => writeFileSync(join(dir, 'evil'), 'x\n'))
    const good = from(base, 'good', (dir) => writeFileSync(join(dir, 'good'), 'x\n'))
    bed.git('push', '-q', 'origin', `${good}:refs/replace/${evil}`, `${good}:refs/heads/good`)
    const { ref } = await look(base, evil)
    assert.deepEqual(
      ref.gains.commits.map(({ message }) => message),
      ['evil'],
    )
    assert.deepEqual(
      ref.files!.files.map(({ path }) => path),
      ['evil'],
    )
  })
  test('content that looks like a patch is content', async () => {
    const trick = '@@ -1 +1 @@\n+++ b/x\n--- a/x\ndiff --git a/x b/x\n\\ No newline at end of file\n\n'
    const after = from(base, 'trick', (dir) => writeFileSync(join(dir, 'trick'), trick))
    const { patch } = await look(base, after)
    assert.deepEqual(
      patch.files.map(({ change }) => change.path),
      ['trick'],
    )
    assert.deepEqual(patch.files[0]!.hunks[0]!.lines.map((line) => `${line.text}\n`).join(''), trick)
  })
  test('a patch is cut where it was asked to be', async () => {
    const after = from(base, 'long', (dir) => {
      writeFileSync(join(dir, 'c1'), text(1000))
      writeFileSync(join(dir, 'c2'), 'x'.repeat(9000))
    })
    const push = await bed.indexed([{ before: base, after, ref: MAIN }], bed.pack([after], [base]))
    await push.look(never)
    const short = await push.patch(0, 2000)
    assert.ok(short.cut)
    const whole = await push.patch(0, 1 << 20)
    assert.equal(whole.cut, false)
    const line = whole.files.find(({ change }) => change.path === 'c2')!.hunks[0]!.lines[0]!
    assert.equal(line.text.length, 2000)
    assert.ok(line.cut)
    assert.deepEqual(await push.patch(5, 1000), { files: [], cut: true })
    await push.dispose()
  })
  test('lists that are cut short count as not shown', async () => {
    bed.git('checkout', '-q', '-f', '--detach', base)
    let parent = base
    const tree = bed.git('rev-parse', `${base}^{tree}`)
    const objects: string[] = []
    const input: string[] = []
    for (let i = 0; i < 300; i++)
      input.push(
        `commit refs/heads/many\ncommitter C <c@d> ${i} +0000\ndata 2\n${i % 10}\n${i === 0 ? `from ${base}\n` : ''}\n`,
      )
    bed.raw(bed.work, ['fast-import', '--quiet', '--force'], input.join(''))
    parent = bed.git('rev-parse', 'many')
    objects.push(parent, tree)
    const { landing, ref } = await look(base, parent)
    assert.equal(ref.gains.total, 300)
    assert.equal(ref.gains.commits.length, 200)
    assert.equal(landing.shown, 'refs')
    const files = from(base, 'files', (dir) => {
      for (let i = 0; i < 600; i++) writeFileSync(join(dir, `f${i}`), `${i}\n`)
    })
    const wide = await look(base, files)
    assert.equal(wide.ref.files!.files.length, 500)
    assert.deepEqual([wide.ref.files!.total, wide.ref.files!.added], [600, 600])
    assert.equal(wide.landing.shown, 'commits')
    assert.equal(wide.patch.files.length, 500)
    assert.ok(wide.patch.cut)
  })
  test('of many refs the first hundred', async () => {
    const tip = from(base, 'tip', () => {})
    const updates = Array.from({ length: 1000 }, (_, i) => ({
      before: ZERO,
      after: tip,
      ref: `refs/heads/n${i}`,
    }))
    const push = await bed.indexed(updates, bed.pack([tip], [base]))
    const landing = await push.look(never)
    assert.equal(landing.refs.length, 1000)
    assert.equal(landing.shown, 'refs')
    assert.equal(landing.refs[99]!.gains.total, 1)
    assert.equal(landing.refs[100]!.gains.total, null)
    assert.deepEqual(landing.missing, ['Only the first 100 of 1000 refs are looked into.'])
    await push.dispose()
  })
  test('a push that leaves objects out is not shown as if it did not', async () => {
    const blob = bed.object('blob', 'left out\n')
    const tree = bed.raw(bed.work, ['mktree'], `100644 blob ${blob}\tx\n`).toString().trim()
    const commit = bed.git('commit-tree', '-m', 'x', '-p', base, tree)
    const push = await bed.indexed([{ before: base, after: commit, ref: MAIN }], bed.packOf([commit]))
    const landing = await push.look(never)
    assert.equal(landing.shown, 'commits')
    assert.match(landing.missing[0]!, /changed files could not be computed/)
    await push.dispose()
  })
})
