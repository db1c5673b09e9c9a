import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Merging, Place } from '../../src/spool/spool.ts'
import { Bed } from './spool-bed.ts'

const bed = new Bed()
const { updates: _, ...place } = bed.incoming([])
const forkDir = join(bed.root, 'fork.git')
const fork: Place = {
  ...place,
  repo: { id: 8, owner: 'mate', name: 'app' },
  remote: { ...place.remote, url: `file://${forkDir}` },
}
const text = (...changed: readonly [number, string][]): string => {
  const lines = Array.from({ length: 40 }, (_, line) => `line ${line}`)
  for (const [at, line] of changed) lines[at] = line
  return `${lines.join('\n')}\n`
}
const put = (path: string, content: string): void => {
  mkdirSync(join(bed.work, path, '..'), { recursive: true })
  writeFileSync(join(bed.work, path), content)
}
let start: string

before(async () => {
  start = bed.commit('start', () => {
    put('a.txt', text())
    put('folder/b.txt', text([0, 'b']))
    put('folder/c.txt', text([0, 'c']))
    put('run.sh', 'echo\n')
  })
  bed.git('push', '-q', 'origin', 'main')
  bed.at(bed.root, 'clone', '-q', '--bare', bed.origin, forkDir)
  await bed.open()
})
after(() => bed.end())

/** Two branches from a common commit, pushed. */
function sides(left: () => void, right: () => void, from = start): { base: string; head: string } {
  const side = (name: string, write: () => void): string => {
    bed.git('checkout', '-q', '--force', '-B', name, from)
    bed.git('clean', '-qfdx')
    const id = bed.commit(name, write)
    bed.git('push', '-q', '--force', 'origin', name)
    return id
  }
  return { base: side('left', left), head: side('right', right) }
}

const merging = (base: string, head: string, from: Place = place): Merging => ({
  base: { ...place, id: base, ref: 'refs/heads/left' },
  head: { ...from, id: head },
})
async function tree(base: string, head: string, from?: Place): Promise<string> {
  const found = await bed.spool.merge(merging(base, head, from), async (merged) => merged.tree)
  return found.ok ? found.value : `${found.error.reason}: ${found.error.say}`
}

/** What a stock git makes of it in a clone with files, as a forge does. */
function stock(base: string, head: string): string {
  const dir = mkdtempSync(join(bed.root, 'stock-'))
  bed.at(dir, 'clone', '-q', bed.work, '.')
  bed.at(dir, 'checkout', '-q', '--detach', base)
  bed.at(dir, 'merge', '-q', '--no-ff', '--no-commit', head)
  bed.at(dir, 'commit', '-q', '-m', 'merge')
  assert.equal(bed.at(dir, 'log', '-1', '--format=%P'), `${base} ${head}`)
  return bed.at(dir, 'rev-parse', 'HEAD^{tree}')
}

const MERGES: { readonly [what: string]: readonly [() => void, () => void] } = {
  'changes of one file': [() => put('a.txt', text([2, 'left'])), () => put('a.txt', text([30, 'right']))],
  'nothing on the base side': [() => undefined, () => put('new.txt', 'x\n')],
  'nothing at all': [() => undefined, () => undefined],
  'the same on both sides': [() => put('x', 'x\n'), () => put('x', 'x\n')],
  'a renamed file that the other changed': [
    () => put('a.txt', text([5, 'changed'])),
    () => renameSync(join(bed.work, 'a.txt'), join(bed.work, 'moved.txt')),
  ],
  'a mode and a content': [
    () => chmodSync(join(bed.work, 'run.sh'), 0o755),
    () => put('run.sh', 'echo\necho\n'),
  ],
  'a link in place of a file': [
    () => undefined,
    () => {
      rmSync(join(bed.work, 'run.sh'))
      symlinkSync('a.txt', join(bed.work, 'run.sh'))
    },
  ],
  'a submodule of one side': [
    () => put('a.txt', text([1, 'x'])),
    () => bed.git('update-index', '--add', '--cacheinfo', `160000,${start},module`),
  ],
  'attributes that say nothing of merges': [
    () => put('a.txt', text([1, 'x'])),
    () => put('.gitattributes', '*.png binary\n*.txt text eol=lf\n'),
  ],
}

for (const [what, [left, right]] of Object.entries(MERGES))
  test(`as stock git merges it: ${what}`, async () => {
    const { base, head } = sides(left, right)
    assert.equal(await tree(base, head), stock(base, head))
    assert.deepEqual(bed.quarantines(), [])
  })

test('as stock git merges it, which is not at all: a renamed folder into which the other added', async () => {
  const { base, head } = sides(
    () => put('folder/d.txt', text([0, 'd'])),
    () => renameSync(join(bed.work, 'folder'), join(bed.work, 'elsewhere')),
  )
  assert.throws(() => stock(base, head))
  assert.match(await tree(base, head), /conflict in elsewhere\/d\.txt/)
})

test('as stock git merges it: histories that cross', async () => {
  const { base, head } = sides(
    () => put('a.txt', text([2, 'left'])),
    () => put('folder/b.txt', text([9, 'right'])),
  )
  const cross = (branch: string, other: string, write: () => void): string => {
    bed.git('checkout', '-q', branch)
    bed.git('merge', '-q', '-m', 'cross', other)
    const id = bed.commit('more', write)
    bed.git('push', '-q', 'origin', branch)
    return id
  }
  const one = cross('left', head, () => put('a.txt', text([2, 'left'], [20, 'left again'])))
  const two = cross('right', base, () => put('folder/b.txt', text([9, 'right'], [30, 'right again'])))
  assert.equal(await tree(one, two), stock(one, two))
})

test('from another repository, whose mirror is apart', async () => {
  const { base, head } = sides(
    () => put('a.txt', text([2, 'left'])),
    () => put('gift.txt', 'x\n'),
  )
  const expected = stock(base, head)
  bed.git('push', '-q', forkDir, 'right')
  bed.git('push', '-q', 'origin', ':right')
  assert.equal(await tree(base, head, fork), expected)
  assert.match(await tree(base, '1'.repeat(40), fork), /^upstream: /)
})

test('the look: commits of the head alone, and the changes against the base', async () => {
  const { base, head } = sides(
    () => put('a.txt', text([2, 'left'])),
    () => put('gift.txt', 'one\ntwo\n'),
  )
  const seen = await bed.spool.merge(merging(base, head), async (merged) => ({
    landing: await merged.look(),
    patch: await merged.patch(1 << 16),
  }))
  assert.ok(seen.ok)
  const { landing, patch } = seen.value
  const [ref] = landing.refs
  assert.equal(landing.shown, 'diff')
  assert.equal(ref?.move, 'forward')
  assert.deepEqual([ref?.gains.total, ref?.gains.commits.map(({ id }) => id)], [1, [head]])
  assert.deepEqual(
    patch.files.map(({ change }) => [change.path, change.added, change.removed]),
    [['gift.txt', 2, 0]],
  )
})

test('refused: conflicts by their files, nothing to merge, nothing in common, what is not there', async () => {
  const conflict = sides(
    () => put('a.txt', text([2, 'left'])),
    () => put('a.txt', text([2, 'right'])),
  )
  assert.equal(await tree(conflict.base, conflict.head), 'bad-request: The two branches conflict in a.txt.')
  assert.match(await tree(conflict.base, start), /in the base branch already/)
  assert.match(await tree(conflict.base, conflict.base), /in the base branch already/)
  bed.git('checkout', '-q', '--force', '--orphan', 'alone')
  bed.git('rm', '-rfq', '.')
  const alone = bed.commit('alone', () => put('x', 'x\n'))
  bed.git('push', '-q', 'origin', 'alone')
  assert.match(await tree(conflict.base, alone), /no commit in common/)
  assert.match(await tree(conflict.base, '1'.repeat(40)), /^upstream: /)
  assert.deepEqual(bed.quarantines(), [])
})

test('refused: a merge driver, on either side and in any folder', async () => {
  const set = (path: string, content: string) => () => put(path, content)
  const other = (): void => put('a.txt', text([2, 'x']))
  for (const [left, right, path] of [
    [set('.gitattributes', '*.txt merge=union\n'), other, '.gitattributes'],
    [other, set('folder/.gitattributes', '"b.txt"-merge\n'), 'folder/.gitattributes'],
    [other, set('.gitattributes', `${'# long\n'.repeat(20_000)}`), '.gitattributes'],
  ] as const) {
    const { base, head } = sides(left, right)
    assert.equal(
      await tree(base, head),
      `not-allowed-yet: ${path} says how files are to be merged, and what the forge makes of that cannot be told beforehand.`,
    )
  }
})

test('refused: what git has no time for, and once the gateway stops', async () => {
  const { base, head } = sides(
    () => put('a.txt', text([2, 'left'])),
    () => put('gift.txt', 'x\n'),
  )
  await bed.spool.close()
  await bed.open({ mergeMs: 1 })
  assert.match(await tree(base, head), /^(?:too-large|upstream): /)
  await bed.spool.close()
  assert.match(await tree(base, head), /^closing: /)
  assert.deepEqual(bed.quarantines(), [])
})
