import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId, deviceId, sessionId } from '../core/identity.ts'
import { bySecret } from './by-secret.ts'
import { expire } from './expire.ts'
import type { State } from './state.ts'

test('what is dropped opens nothing; what is replaced keeps its secret', () => {
  const things = bySecret<{ readonly id: string; readonly word: string }>()
  things.put({ id: 'a', word: 'one' }, 'hash-a')
  things.put({ id: 'b', word: 'two' }, 'hash-b')
  things.replace({ id: 'a', word: 'three' })
  things.replace({ id: 'c', word: 'four' })
  assert.equal(things.find('hash-a')?.word, 'three')
  assert.deepEqual(
    things.all().map(({ id }) => id),
    ['a', 'b'],
  )
  assert.equal(things.drop('a'), true)
  assert.equal(things.drop('a'), false)
  assert.equal(things.find('hash-a'), undefined)
  const other = bySecret<{ readonly id: string; readonly word: string }>()
  other.put({ id: 'd', word: 'five' }, 'hash-d')
  things.takeOver(other)
  assert.equal(things.find('hash-b'), undefined)
  assert.equal(things.find('hash-d')?.word, 'five')
})

test('what time has ended leaves memory, and is told', () => {
  const opened = { account: accountId('a'), device: deviceId('d'), session: null, createdAt: 0 }
  const state = {
    sessions: bySecret(),
    passwords: bySecret(),
    tokens: bySecret(),
    links: bySecret(),
  } as unknown as State
  for (const expiresAt of [10, 11]) {
    state.sessions.put(
      {
        ...opened,
        id: sessionId(`s${expiresAt}`),
        expiresAt,
        door: 'portal',
        parent: null,
        userAgent: '',
        lastSeenAt: 0,
        uv: true,
      },
      `s${expiresAt}`,
    )
    state.passwords.put({ ...opened, id: `p${expiresAt}`, expiresAt }, `p${expiresAt}`)
    state.tokens.put(
      { ...opened, id: `t${expiresAt}`, expiresAt, name: 'x', scope: { may: ['read'], repos: null } },
      `t${expiresAt}`,
    )
    state.links.put(
      { id: `l${expiresAt}`, kind: 'invitation', account: opened.account, expiresAt },
      `l${expiresAt}`,
    )
  }
  assert.deepEqual(expire(state, 10), [
    { kind: 'session', account: 'a', session: 's10' },
    { kind: 'git-password', account: 'a', id: 'p10' },
    { kind: 'token', account: 'a', id: 't10' },
  ])
  const left = [...state.sessions.all(), ...state.passwords.all(), ...state.links.all()]
  assert.deepEqual(
    left.map(({ id }) => id),
    ['s11', 'p11', 'l11'],
  )
})
