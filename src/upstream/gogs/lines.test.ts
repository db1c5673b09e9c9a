import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GOGS_0_14, GOGS_MAIN, lineOf } from './lines.ts'
import { createGogsRoute } from './route.ts'

test('versions that were looked through have a line, and no other', () => {
  assert.equal(lineOf('0.14.0'), GOGS_0_14)
  assert.equal(lineOf('0.14.12'), GOGS_0_14)
  assert.equal(lineOf('0.15.0+dev'), GOGS_MAIN)
  for (const other of ['0.13.4', '0.15.0', '0.15.1+dev', '0.14', '0.14.3-rc1', '1.0.0', '0.14.3 ', 'x', ''])
    assert.equal(lineOf(other), undefined, other)
})

test('main differs where it does', () => {
  const main = createGogsRoute(GOGS_MAIN.routes)
  const old = createGogsRoute(GOGS_0_14.routes)
  const kind = (route: ReturnType<typeof main>): string =>
    route.kind === 'refused' ? `refused ${route.refusal.reason}` : route.kind
  assert.equal(kind(main('GET', '/redirect', 'to=https://evil')), 'refused not-allowed-yet')
  assert.equal(kind(old('GET', '/redirect', '')), 'page')
  for (const path of ['/api/web/user/sign-in', '/api/web/a/b/star'])
    assert.equal(kind(main('POST', path, '')), 'refused not-allowed-yet', path)
  for (const path of ['/a/b/settings', '/org/a/settings', '/user/settings'])
    assert.equal(kind(main('POST', path, '')), 'change', path)
})
