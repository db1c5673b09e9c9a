import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alice, passkey } from '../../test/support/policy-bed.ts'
import { checkOpen } from './check-standing.ts'
import type { Passage } from './passage.ts'

test('what ended while the forge was asked counts no more', () => {
  const principal = (
    via: 'session' | 'git-password' | 'token',
    credential: string,
  ): Pick<Passage, 'principal'> => ({
    principal: { account: alice, device: passkey, via, credential, provenAt: 0, uv: true },
  })
  const identity = {
    sessions: () => [{ id: 's' }] as never,
    gitPasswords: () => [{ id: 'g' }] as never,
    apiTokens: () => [{ id: 't' }] as never,
  }
  assert.equal(checkOpen(principal('session', 's'), { identity }), undefined)
  assert.equal(checkOpen(principal('git-password', 'g'), { identity }), undefined)
  assert.equal(checkOpen(principal('token', 't'), { identity }), undefined)
  for (const [via, credential] of [
    ['session', 'g'],
    ['git-password', 's'],
    ['session', 'ended'],
    ['token', 's'],
    ['token', 'ended'],
  ] as const)
    assert.equal(checkOpen(principal(via, credential), { identity })?.reason, 'not-signed-in')
})
