import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId, deviceId, sessionId } from '../core/identity.ts'
import type { Session } from '../identity/identity.ts'
import { createHandOver, type HandOver } from './hand-over.ts'

const session: Session = {
  id: sessionId('s1'),
  door: 'portal',
  parent: null,
  account: accountId('a1'),
  device: deviceId('d1'),
  userAgent: '',
  createdAt: 0,
  lastSeenAt: 0,
  expiresAt: 1e15,
  uv: true,
}
function clock(): { at: number; handOver: HandOver } {
  const it = { at: 1_000_000 }
  return Object.assign(it, { handOver: createHandOver({ now: () => it.at }) })
}

test('a code opens what the browser wanted, for the browser that asked, once', () => {
  const { handOver } = clock()
  const code = handOver.issue(handOver.begin('browser', '/acme/app?tab=1'), session)!
  assert.match(code, /^[A-Za-z0-9_-]{43}$/)
  assert.deepEqual(handOver.redeem(code, 'browser'), { session, next: '/acme/app?tab=1' })
  assert.equal(handOver.redeem(code, 'browser'), undefined)
})

test('another browser gets nothing, and the code is spent', () => {
  const { handOver } = clock()
  const code = handOver.issue(handOver.begin('browser', '/'), session)!
  assert.equal(handOver.redeem(code, 'other'), undefined)
  assert.equal(handOver.redeem(code, 'browser'), undefined)
})

test('a handle makes one code', () => {
  const { handOver } = clock()
  const handle = handOver.begin('browser', '/')
  assert.notEqual(handOver.issue(handle, session), undefined)
  assert.equal(handOver.issue(handle, session), undefined)
  assert.equal(handOver.issue('nothing', session), undefined)
})

test('a code lives 30 seconds, a handle 15 minutes', () => {
  const it = clock()
  const early = it.handOver.issue(it.handOver.begin('browser', '/'), session)!
  it.at += 29_999
  assert.notEqual(it.handOver.redeem(early, 'browser'), undefined)
  const late = it.handOver.issue(it.handOver.begin('browser', '/'), session)!
  it.at += 30_000
  assert.equal(it.handOver.redeem(late, 'browser'), undefined)
  const handle = it.handOver.begin('browser', '/')
  it.at += 15 * 60_000
  assert.equal(it.handOver.issue(handle, session), undefined)
})

test('a sign-in ends on a path of the forge and nowhere else', () => {
  const { handOver } = clock()
  const lands = (next: string): string =>
    handOver.redeem(handOver.issue(handOver.begin('b', next), session)!, 'b')!.next
  for (const next of [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/',
    'evil',
    '',
    '/a\\b',
    '/a b',
    '/a\r\nset-cookie: x',
    '/\u00e9',
    `/${'a'.repeat(8192)}`,
  ]) {
    assert.equal(lands(next), '/', next.slice(0, 40))
  }
  assert.equal(lands('/acme/app/issues?q=%C3%A9'), '/acme/app/issues?q=%C3%A9')
})

test('at most 10 000 are kept; the oldest goes first', () => {
  const { handOver } = clock()
  const first = handOver.begin('browser', '/')
  const second = handOver.begin('browser', '/')
  for (let i = 0; i < 9_999; i++) handOver.begin('browser', '/')
  assert.equal(handOver.issue(first, session), undefined)
  assert.notEqual(handOver.issue(second, session), undefined)
})
