import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RefusalReason } from '../core/refusal.ts'
import type { Passage } from './passage.ts'
import { waive } from './report-only.ts'

const principal = { account: { id: 'a' } } as unknown as Passage['principal']
const passage = (more: object = {}): Passage =>
  ({
    attempt: { door: 'web' },
    principal,
    repo: { id: 3 },
    action: { verb: 'git.push' },
    ...more,
  }) as unknown as Passage
const refused = (reason: RefusalReason) => ({ reason, say: 'No.' })
const everywhere = { reportOnly: () => true }

test('only what policy or a missing proof stops is waived', () => {
  const reasons: readonly RefusalReason[] = [
    'not-signed-in',
    'bad-credential',
    'bad-request',
    'bad-host',
    'not-canonical',
    'cross-site',
    'unknown-action',
    'not-found',
    'account-inactive',
    'device-inactive',
    'nonce-used',
    'not-approved',
    'rate-limited',
    'too-large',
    'upstream',
    'closing',
    'internal',
  ]
  for (const reason of reasons) assert.equal(waive(passage(), refused(reason), everywhere)?.reason, reason)
  for (const reason of [
    'denied',
    'proof-needed',
    'others-needed',
    'proof-invalid',
    'not-allowed-yet',
  ] as const) {
    const one = passage()
    assert.equal(waive(one, refused(reason), everywhere), undefined)
    assert.equal(one.would?.reason, reason)
  }
})

test('never for a visitor, for what was signed in the portal, for what waits, or for what is for nobody', () => {
  for (const more of [
    { principal: undefined },
    { attempt: { door: 'portal' } },
    { held: {} },
    { action: { verb: 'repo.git-hook.update' } },
    { action: { verb: 'user.token.create' } },
  ])
    assert.equal(waive(passage(more), refused('denied'), everywhere)?.reason, 'denied', JSON.stringify(more))
})

test('in one repository alone, and not outside of any', () => {
  const one = { reportOnly: (repo: number | undefined) => repo === 3 }
  assert.equal(waive(passage(), refused('denied'), one), undefined)
  assert.ok(waive(passage({ repo: { id: 4 } }), refused('denied'), one))
  assert.ok(waive(passage({ repo: undefined }), refused('denied'), one))
})

test('what stopped it first is what is noted', () => {
  const one = passage({
    decision: { kind: 'challenge', policies: ['p'], people: 1, want: { method: 'webauthn', uv: true } },
  })
  waive(one, refused('proof-needed'), everywhere)
  waive(one, refused('denied'), everywhere)
  assert.deepEqual(one.would, {
    decision: 'challenge',
    reason: 'proof-needed',
    say: 'No.',
    policies: ['p'],
    want: { method: 'webauthn', uv: true, people: 1 },
  })
})
