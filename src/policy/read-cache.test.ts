import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { app, ask, key, page, session } from '../../test/support/policy-bed.ts'
import type { DecisionRequest } from '../core/policy/engine.ts'
import { createReadCache } from './read-cache.ts'

const read = (id: number): DecisionRequest =>
  ask({ verb: 'page.read', resource: { ...app, repo: { ...app.repo, id } } }, session)

describe('what is remembered', () => {
  test('the same request, from other objects', () => {
    const cache = createReadCache(10)
    cache.put(read(1), null, true)
    cache.put(read(2), null, false)
    assert.deepEqual(
      [1, 2, 3].map((id) => cache.get(structuredClone(read(id)), null)),
      [true, false, undefined],
    )
  })
  test('a fetch, the wiki, the site and another device are other reads', () => {
    const cache = createReadCache(10)
    cache.put(read(0), null, true)
    const wiki = { ...app, repo: { ...app.repo, id: 0 }, part: 'wiki' } as const
    const others = [
      ask({ verb: 'git.fetch', resource: { ...wiki, part: 'code' } }, session),
      ask({ verb: 'page.read', resource: wiki }, session),
      ask(page, session),
      { ...read(0), device: key },
      { ...read(0), device: null },
    ]
    assert.deepEqual(
      others.map((request) => cache.get(request, null)),
      Array(5).fill(undefined),
    )
  })
  test('no more than the limit; what is asked for stays, the rest goes', () => {
    const cache = createReadCache(10)
    cache.put(read(0), null, true)
    for (let id = 1; id <= 100; id++) {
      cache.put(read(id), null, true)
      assert.equal(cache.get(read(0), null), true)
    }
    const left = Array.from({ length: 101 }, (_, id) => id).filter(
      (id) => cache.get(read(id), null) !== undefined,
    )
    assert.ok(left.length <= 10 && left.includes(0) && left.includes(100) && !left.includes(1))
  })
  test('nothing after it was cleared', () => {
    const cache = createReadCache(2)
    for (const id of [1, 2, 3]) cache.put(read(id), null, true)
    cache.clear()
    assert.deepEqual(
      [1, 2, 3].map((id) => cache.get(read(id), null)),
      Array(3).fill(undefined),
    )
  })
})
