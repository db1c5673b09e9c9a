import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RunningGateway } from './gateway.ts'
import type { GitResult } from './git.ts'
import type { Pusher } from './pusher.ts'

/** What a push is made with: a person, their clone, and the way in which their pushes are proven. */
export interface MatrixBed {
  readonly gateway: RunningGateway
  readonly keeper: Pusher
  /** A clone of the sample repository. */
  readonly work: string
  /** `git push ARGS` in `dir`, with the proof that it takes. */
  push(dir: string, ...args: readonly string[]): Promise<GitResult>
}

/** Pushes of stock git that must land, whichever way they are proven. */
export function pushMatrix(bed: () => MatrixBed): void {
  const remoteRefs = (): Promise<string> => bed().keeper.git.ok(bed().work, 'ls-remote', 'origin')
  const change = (name: string, content: string | Buffer = `${name} ${Math.random()}`): Promise<string> =>
    bed().keeper.git.commit(bed().work, name, (dir) => writeFileSync(join(dir, `${name}.txt`), content))
  async function lands(dir: string, ...args: readonly string[]): Promise<void> {
    const { code, stderr } = await bed().push(dir, ...args)
    assert.equal(code, 0, stderr)
  }

  test('a plain git push', async () => {
    const commit = await change('one')
    await lands(bed().work, 'origin', 'HEAD:main')
    assert.match(await remoteRefs(), new RegExp(`${commit}\trefs/heads/main`))
  })
  test('new branch and tag, then a forced update', async () => {
    const { keeper, work } = bed()
    await change('two')
    await keeper.git.ok(work, 'tag', '-a', '-m', 'v1', 'v1')
    await lands(work, 'origin', 'HEAD:main', 'HEAD:topic', 'v1')
    await keeper.git.ok(work, 'commit', '-q', '--amend', '-m', 'two again')
    await lands(work, '--force', 'origin', 'HEAD:topic')
    assert.match(await remoteRefs(), /refs\/tags\/v1\^\{\}/)
  })
  test('many refs at once, and atomic', async () => {
    const refs = Array.from({ length: 60 }, (_, i) => `HEAD:refs/heads/many/${i}`)
    await lands(bed().work, '--atomic', 'origin', ...refs)
    assert.equal((await remoteRefs()).match(/refs\/heads\/many\//g)?.length, 60)
  })
  test('deleting only: no pack travels', async () => {
    await lands(bed().work, 'origin', ...Array.from({ length: 60 }, (_, i) => `:refs/heads/many/${i}`))
    assert.doesNotMatch(await remoteRefs(), /many/)
  })
  test('over the post buffer: probe, then chunks', async () => {
    const commit = await change('large', randomBytes(3 << 20))
    await lands(bed().work, '--force', 'origin', 'HEAD:main')
    assert.match(await remoteRefs(), new RegExp(commit))
  })
  test('from a shallow clone', async () => {
    const { keeper, gateway } = bed()
    const remote = keeper.remote(gateway.sample)
    await keeper.git.ok(keeper.git.home, 'clone', '-q', '--depth', '1', remote, 'shallow')
    const dir = keeper.git.path('shallow')
    const commit = await keeper.git.commit(dir, 'shallow', (at) => writeFileSync(join(at, 's.txt'), 's'))
    await lands(dir, 'origin', 'HEAD:shallow')
    assert.match(await remoteRefs(), new RegExp(`${commit}\trefs/heads/shallow`))
  })
  test('a branch at a commit that is there: an empty pack', async () => {
    await lands(bed().work, 'origin', 'origin/main:refs/heads/same')
    assert.match(await remoteRefs(), /refs\/heads\/same/)
  })
  test('a root of its own', async () => {
    const { keeper, work } = bed()
    await keeper.git.ok(work, 'checkout', '-q', '--orphan', 'root')
    await keeper.git.ok(work, 'commit', '-q', '-m', 'another root')
    await lands(work, 'origin', 'HEAD:root')
    await keeper.git.ok(work, 'checkout', '-q', 'main')
    assert.match(await remoteRefs(), /refs\/heads\/root/)
  })
  test('what the forge rejects is told as it said it', async () => {
    const { work, push } = bed()
    const rejected = await push(work, 'origin', ':main')
    assert.notEqual(rejected.code, 0)
    assert.match(rejected.stderr, /\[remote rejected\] main \(deletion of the current branch prohibited\)/)
    assert.match(await remoteRefs(), /refs\/heads\/main/)
  })
}
