import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ForgeRelease } from '../../src/upstream/forge.ts'
import type { Bench } from './bench.ts'

/** What releases do to tags, and what the forge tells of them. */
export function releaseContract(bench: Bench): void {
  const repo = { id: 0, owner: 'alice', name: 'tagged' }
  const send = (path: string, fields: Record<string, string>, user = 'alice') =>
    bench.forge.change(user, {
      method: 'POST',
      path: `/alice/tagged/releases${path}`,
      body: new URLSearchParams(fields).toString(),
    })
  const list = async (): Promise<readonly ForgeRelease[]> => (await bench.forge.releases(repo, 'alice'))!
  const release = (tag: string, more: Record<string, string> = {}) => ({
    tag_name: tag,
    tag_target: 'main',
    title: tag,
    content: '',
    ...more,
  })

  it('makes a tag at the tip of the branch when a release is published, and none for a draft', async () => {
    await bench.forge.createRepo('alice', 'tagged', { private: true, readme: true })
    assert.deepEqual(await list(), [])
    const made = await send('/new', release('v1'))
    assert.deepEqual([made.accepted, made.next], [true, '/alice/tagged/releases'])
    const drafted = await send('/new', release('v2', { draft: 'Save' }))
    assert.equal(drafted.accepted, true)
    const refs = await bench.refs('alice/tagged')
    assert.equal(refs['refs/tags/v1'], refs['refs/heads/main'])
    assert.equal(refs['refs/tags/v2'], undefined)
    assert.deepEqual((await list()).map(({ tag, target, draft }) => [tag, target, draft]).toSorted(), [
      ['v1', 'main', false],
      ['v2', 'main', true],
    ])
  })

  it('takes one release for all spellings of a tag', async () => {
    assert.equal((await send('/new', release('V1'))).accepted, false)
    assert.equal((await list()).length, 2)
  })

  it('makes the tag of a draft where its branch is when it is published', async () => {
    assert.equal((await send('/edit/v2', { title: 'Two', content: '' })).accepted, true)
    const refs = await bench.refs('alice/tagged')
    assert.equal(refs['refs/tags/v2'], refs['refs/heads/main'])
    assert.ok((await list()).every(({ draft }) => !draft))
  })

  it('takes the tag along when a release is deleted by its number', async () => {
    const { id } = (await list()).find(({ tag }) => tag === 'v1')!
    assert.equal((await send('/delete', { id: String(id) })).accepted, true)
    assert.equal((await bench.refs('alice/tagged'))['refs/tags/v1'], undefined)
    assert.deepEqual(
      (await list()).map(({ tag }) => tag),
      ['v2'],
    )
  })

  it('tells nobody of releases who may not see the repository, and lets nobody release who may not write', async () => {
    assert.equal(await bench.forge.releases(repo, 'bob'), undefined)
    assert.equal((await send('/new', release('v3'), 'bob')).accepted, false)
    assert.equal((await bench.refs('alice/tagged'))['refs/tags/v3'], undefined)
    assert.equal(await bench.forge.attachment('01234567-89ab-cdef-0123-456789abcdef', 'alice'), undefined)
  })
}
