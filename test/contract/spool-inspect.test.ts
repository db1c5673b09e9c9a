import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Place } from '../../src/spool/spool.ts'
import { Bed } from './spool-bed.ts'

const bed = new Bed()
const { updates: _, ...place } = bed.incoming([])
const elsewhere: Place = {
  ...place,
  repo: { ...place.repo, id: 8 },
  remote: { ...place.remote, url: 'file:///nowhere' },
}
let one: string
let two: string

function commit(): string {
  bed.git('add', '-A')
  bed.git('commit', '-q', '-m', 'x')
  bed.git('push', '-q', 'origin', 'main')
  return bed.git('rev-parse', 'HEAD')
}

before(async () => {
  mkdirSync(join(bed.work, 'a b'))
  writeFileSync(join(bed.work, 'a b', 'ü*.txt'), 'one\n')
  writeFileSync(join(bed.work, 'old.txt'), 'old\n')
  one = commit()
  writeFileSync(join(bed.work, 'a b', 'ü*.txt'), 'two\n')
  writeFileSync(join(bed.work, 'new.txt'), 'old\n')
  rmSync(join(bed.work, 'old.txt'))
  two = commit()
  await bed.open()
})
after(() => bed.end())

test('a commit: its parents, and what it changes, with nothing taken for a move', async () => {
  const id = (spec: string): string => bed.git('rev-parse', spec)
  const seen = await bed.spool.inspect(place, async (read) => [
    await read.commit(two),
    await read.commit(one),
    await read.commit('1'.repeat(40)),
  ])
  const mode = '100644'
  assert.deepEqual(seen, {
    ok: true,
    value: [
      {
        parents: [one],
        changes: [
          {
            path: 'a b/ü*.txt',
            before: { mode, id: id(`${one}:a b/ü*.txt`) },
            after: { mode, id: id(`${two}:a b/ü*.txt`) },
          },
          { path: 'new.txt', before: null, after: { mode, id: id(`${two}:new.txt`) } },
          { path: 'old.txt', before: { mode, id: id(`${one}:old.txt`) }, after: null },
        ],
      },
      {
        parents: [],
        changes: [
          { path: 'a b/ü*.txt', before: null, after: { mode, id: id(`${one}:a b/ü*.txt`) } },
          { path: 'old.txt', before: null, after: { mode, id: id(`${one}:old.txt`) } },
        ],
      },
      null,
    ],
  })
})

test('a file by its path, which is no pattern; folders say that they are none', async () => {
  const seen = await bed.spool.inspect(place, async (read) => [
    (await read.file(one, 'a b/ü*.txt'))?.id,
    await read.file(one, 'a b/*'),
    await read.file(one, 'a b/'),
    (await read.file(one, 'a b'))?.mode,
    await read.file('1'.repeat(40), 'old.txt'),
  ])
  const id = bed.git('rev-parse', `${one}:a b/ü*.txt`)
  assert.deepEqual(seen, { ok: true, value: [id, null, null, '040000', null] })
})

test('a commit that came after the last look is there', async () => {
  writeFileSync(join(bed.work, 'new.txt'), 'three\n')
  const three = commit()
  const seen = await bed.spool.inspect(place, (read) => read.commit(three))
  assert.ok(seen.ok)
  assert.deepEqual(seen.value?.parents, [two])
})

test('refused: a repository that cannot be fetched, and once the gateway stops', async () => {
  const refused = await bed.spool.inspect(elsewhere, async () => assert.fail('there is nothing to read'))
  assert.equal(refused.ok ? '' : refused.error.reason, 'upstream')
  await bed.spool.close()
  const closing = await bed.spool.inspect(place, async () => assert.fail('nothing is read any more'))
  assert.equal(closing.ok ? '' : closing.error.reason, 'closing')
})
