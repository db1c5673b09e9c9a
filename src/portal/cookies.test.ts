import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomSecret } from '../core/crypto.ts'
import { cookie, portalCookies, readCookie } from './cookies.ts'

test('reads its own cookie only, and only when there is one of it', () => {
  const secret = randomSecret()
  assert.equal(readCookie(`a=1; cs_pre=${secret}; b=2`, 'cs_pre'), secret)
  assert.equal(readCookie(`xcs_pre=${secret}`, 'cs_pre'), undefined)
  assert.equal(readCookie(`cs_pre=${secret}; cs_pre=${randomSecret()}`, 'cs_pre'), undefined)
  for (const value of ['', 'short', `${secret}${secret}`, `"${secret}"`, `${secret.slice(1)}%`]) {
    assert.equal(readCookie(`cs_pre=${value}`, 'cs_pre'), undefined, value)
  }
  assert.equal(readCookie(null, 'cs_pre'), undefined)
})

test('with TLS a cookie is pinned to host and path; without it still hidden from scripts', () => {
  const secure = portalCookies(true)
  assert.deepEqual(secure, { session: '__Host-countersign', pre: '__Host-cs-pre' })
  assert.equal(
    cookie(secure.session, 'x', 60, true),
    '__Host-countersign=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure',
  )
  assert.equal(
    cookie(portalCookies(false).session, 'x', 60, false),
    'countersign_portal=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax',
  )
})
