import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { glance } from './glance.ts'

const of = (payload: unknown): string | undefined => glance(Buffer.from(JSON.stringify(payload)))

test('a change is told by repository, refs and result', () => {
  const ref = (name: string): object => ({ ref: name, status: 'ok' })
  assert.equal(
    of({ repo: { id: 3, owner: 'acme', name: 'app' }, updates: [{ ref: 'refs/heads/main' }] }),
    'acme/app · refs/heads/main',
  )
  assert.equal(
    of({ result: 'accepted', refs: [ref('refs/heads/%C3%A9'), ref('b'), ref('c'), ref('d')] }),
    'refs/heads/é, b, c and 1 more · accepted',
  )
  assert.equal(of({ reason: 'denied', repo: null }), 'denied')
  assert.equal(of({ device: { name: 'blue key' }, state: 'revoked' }), 'blue key · revoked')
})

test('what says nothing is nothing', () => {
  for (const payload of [{}, [], null, 'x', 1, { repo: 'x' }, { refs: [1, null] }])
    assert.equal(of(payload), undefined)
})

test('never throws, and is a line', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        assert.ok([...(glance(bytes) ?? '')].length <= 160)
      },
    ),
  )
})
