import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../test/support/any-text.ts'
import { canonicalUrl } from './canonical-url.ts'

const same = [
  '/',
  '/acme/app',
  '/acme/app/src/main/a%20b.txt',
  '/acme/app/src/%E4%B8%AD',
  '/a?q=[x]&y=/',
  '/acme/.github',
  '/a/..b',
  '/x/100%25',
]
const refused = [
  '',
  'acme',
  '*',
  'http://evil/x',
  '//evil',
  '/a//b',
  '/a/../b',
  '/a/./b',
  '/..',
  '/a/%2e%2e/b',
  '/a/%2E',
  '/a%2fb',
  '/a%5Cb',
  '/a\\b',
  '/user/%73ettings',
  '/a%00b',
  '/a%0Ab',
  '/a%7F',
  '/a b',
  '/a%',
  '/a%zz',
  '/\u00e9',
  '/a#b',
  '/a?x y',
  '/a?%00',
  `/${'a'.repeat(9000)}`,
]

test('canonical addresses pass unchanged', () => {
  for (const target of same) {
    const [path, query = ''] = target.split('?')
    assert.deepEqual(canonicalUrl(target), { ok: true, value: { path, query } })
  }
})

test('the case of escapes and one trailing slash are normalised', () => {
  assert.deepEqual(canonicalUrl('/a%e4/'), { ok: true, value: { path: '/a%E4', query: '' } })
})

test('every address with a second reading is refused', () => {
  for (const target of refused) assert.equal(canonicalUrl(target).ok, false, target)
})

test('what passes is a fixed point, and nothing throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(anyText).map((parts) => `/${parts.map(encodeURIComponent).join('/')}`),
        fc.string({ unit: fc.constantFrom('/', '.', '%', '2', 'e', 'F', 'a', '?') }),
      ),
      (target) => {
        const first = canonicalUrl(target)
        if (!first.ok) return
        const { path, query } = first.value
        assert.deepEqual(canonicalUrl(query ? `${path}?${query}` : path), first)
      },
    ),
  )
})
