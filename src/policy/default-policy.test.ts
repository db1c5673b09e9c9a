import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  alice,
  app,
  ask,
  key,
  other,
  PIN,
  page,
  passkey,
  policyBed,
  push,
  pushOf,
  session,
  touched,
  withPin,
} from '../../test/support/policy-bed.ts'
import { type Action, SITE } from '../core/action/action.ts'
import type { DecisionRequest } from '../core/policy/engine.ts'
import { NO_PROOF, type Proof } from '../core/proof.ts'

describe('the shipped default', async () => {
  const { policy } = await policyBed()
  const reads: Action[] = [page, { verb: 'page.read', resource: app }, { verb: 'git.fetch', resource: app }]
  const rides: Action[] = [
    { verb: 'issue.create', resource: app },
    { verb: 'repo.create', resource: SITE },
  ]
  const all = [...reads, ...rides, push]
  const isRead = ({ verb }: Action): boolean => verb === 'page.read' || verb === 'git.fetch'
  type Row = readonly [string, readonly Action[], Proof, Partial<DecisionRequest>, string]
  const rows: readonly Row[] = [
    ['with a session', [...reads, ...rides], session, {}, 'allow'],
    ['with a session, however fresh', [push], session, {}, 'challenge'],
    ['with no proof at all', all, NO_PROOF, {}, 'deny'],
    ['with a touch bound to it', [push], touched, {}, 'allow'],
    ['with a PIN bound to it', [push], withPin, {}, 'allow'],
    ['with a signature but no touch', [push], { ...touched, up: false }, {}, 'challenge'],
    ['by a disabled account', all, session, { account: { ...alice, state: 'disabled' } }, 'deny'],
    ['by a disabled account, touched', [push], touched, { account: { ...alice, state: 'disabled' } }, 'deny'],
    [
      'from a suspended device',
      [...reads, ...rides],
      session,
      { device: { ...passkey, state: 'suspended' } },
      'deny',
    ],
    ['from a revoked device', all, session, { device: { ...passkey, state: 'revoked' } }, 'deny'],
    ['from a revoked key, touched', [push], touched, { device: { ...key, state: 'revoked' } }, 'deny'],
    ['from no device', all, session, { device: null }, 'deny'],
    ['to a repository that no policy names', [{ verb: 'git.fetch', resource: other }], session, {}, 'allow'],
  ]
  for (const [name, actions, proof, change, kind] of rows) {
    for (const action of actions) {
      test(`${action.verb} of ${action.resource.kind} ${name}: ${kind}`, () => {
        const request = ask(action, proof, change)
        assert.equal(policy.decide(request, [passkey, key]).kind, kind)
        assert.equal(policy.allowsRead(request), isRead(action) && kind === 'allow')
      })
    }
  }
  test('a decision names its policies in their own words', () => {
    assert.deepEqual(policy.decide(ask(page, session), []), {
      kind: 'allow',
      policies: ['reads need a session of an active person on an active device'],
    })
    assert.deepEqual(policy.decide(ask(push, session), [key]), {
      kind: 'challenge',
      policies: [],
      want: { bound: 'action', uv: false, method: 'ssh-certificate', shown: 'none' },
      people: 0,
      why: 'changes need a touch that is bound to them',
    })
    assert.deepEqual(policy.decide(ask(page, NO_PROOF), []), {
      kind: 'deny',
      policies: [],
      why: 'no policy permits it',
    })
  })
  test('somebody without a signing key hears what it would take', () => {
    assert.equal(policy.decide(ask(push, session), []).kind, 'challenge')
  })
})

describe('a repository that requires a PIN', async () => {
  const { policy, dir } = await policyBed({ 'app.cedar': PIN })
  test('the challenge asks for UV, and only UV satisfies', () => {
    for (const proof of [session, touched]) {
      assert.deepEqual(policy.decide(ask(push, proof), [key]), {
        kind: 'challenge',
        policies: ['app requires FIDO2 with PIN'],
        want: { bound: 'action', uv: true, method: 'ssh-certificate', shown: 'none' },
        people: 0,
        why: 'app requires FIDO2 with PIN',
      })
    }
    assert.equal(policy.decide(ask(push, withPin), [key]).kind, 'allow')
  })
  test('the wiki is the same repository, another one is not', () => {
    const to = (resource: typeof app): string =>
      policy.decide(ask(pushOf('refs/heads/main', { resource }), touched), [key]).kind
    assert.equal(to({ ...app, part: 'wiki' }), 'challenge')
    assert.equal(to(other), 'allow')
  })
  test('names are folded, resolved and locked', () => {
    assert.deepEqual(JSON.parse(readFileSync(join(dir, 'policy.lock.json'), 'utf8')), {
      'Repo acme/app': '3',
    })
  })
})

describe('a denial', () => {
  test('names the policy that forbids', async () => {
    const { policy } = await policyBed({
      'x.cedar': '@id("frozen until Monday") forbid (principal, action in Action::"change", resource);',
    })
    assert.deepEqual(policy.decide(ask(push, touched), [key]), {
      kind: 'deny',
      policies: ['frozen until Monday'],
      why: 'frozen until Monday',
    })
  })
  test('tells whoever may not read nothing of what a proof would do', async () => {
    const { policy } = await policyBed({
      'x.cedar': '@id("hidden") forbid (principal, action in Action::"read", resource == Repo::"acme/app");',
    })
    assert.deepEqual(policy.decide(ask(push, session), [key]), {
      kind: 'deny',
      policies: [],
      why: 'no policy permits it',
    })
  })
})
