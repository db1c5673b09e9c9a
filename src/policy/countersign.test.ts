import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  alice,
  app,
  ask,
  key,
  NOW,
  other,
  passkey,
  push,
  session,
  touched,
} from '../../test/support/policy-bed.ts'
import { type Action, type Resource, SITE } from '../core/action/action.ts'
import { type Account, accountId } from '../core/identity.ts'
import type { CountersignRequest } from '../core/policy/engine.ts'
import { inProcessBed } from './in-process-bed.ts'

const bob: Account = { ...alice, id: accountId('b'), name: 'bob', forgeId: 8 }
const hook: Action = { verb: 'repo.webhook.create', resource: app }
const gone: Action = { verb: 'repo.delete', resource: app }
const proof: CountersignRequest['proof'] = {
  ...touched,
  method: 'webauthn',
  device: passkey.id,
  uv: true,
  shown: 'fields',
}
const asked = (more: Partial<CountersignRequest> = {}): CountersignRequest => ({
  account: bob,
  device: { ...passkey, account: bob.id },
  action: hook,
  proof,
  requester: alice,
  rights: { push: true, admin: false },
  ...more,
})

describe('who countersigns by default', async () => {
  const { policy } = await inProcessBed()
  const HOUR = 3_600_000
  const young = { ...passkey, createdAt: NOW - 23 * HOUR }
  const to = (resource: Resource): Action => ({ verb: 'org.create', resource })
  const rows: readonly [string, Partial<CountersignRequest>, boolean][] = [
    ['somebody with write access, by a PIN', {}, true],
    ['a push', { action: push }, true],
    ['by a touch alone', { proof: { ...proof, uv: false } }, false],
    ['by a signature without a touch', { proof: { ...proof, up: false } }, false],
    ['by a session', { proof: { ...proof, bound: 'session' } }, false],
    ['by a device of less than a day', { device: young }, false],
    ['by a device of a day', { device: { ...young, createdAt: NOW - 24 * HOUR } }, true],
    ['by a suspended device', { device: { ...passkey, state: 'suspended' } }, false],
    ['by no device', { device: null }, false],
    ['a disabled account', { account: { ...bob, state: 'disabled' } }, false],
    ['a reader', { rights: { push: false, admin: false } }, false],
    ['a critical change, with write access', { action: gone }, false],
    ['a critical change, as its administrator', { action: gone, rights: { push: true, admin: true } }, true],
    ['what one asked for', { account: alice, rights: { push: true, admin: true } }, false],
    [
      'the same person of the forge by another account',
      { account: { ...bob, forgeId: alice.forgeId } },
      false,
    ],
    ['something of the site', { action: to(SITE), rights: { push: true, admin: true } }, true],
    [
      'a change of somebody else’s account',
      {
        action: {
          verb: 'user.profile.update',
          resource: { kind: 'account', account: { id: 7, name: 'Alice' } },
        },
        rights: { push: true, admin: true },
      },
      true,
    ],
  ]
  for (const [name, more, allowed] of rows)
    test(`${name}: ${allowed ? 'yes' : 'no'}`, () =>
      assert.equal(policy.countersign(asked(more)).kind, allowed ? 'allow' : 'deny'))
})

test('a policy names who, and nobody else may; its words are told', async () => {
  const { policy } = await inProcessBed({
    'x.cedar': `@id("only carol") forbid (principal, action == Action::"countersign", resource == Repo::"acme/app")
unless { principal == Account::"carol" };`,
  })
  assert.deepEqual(policy.countersign(asked()), { kind: 'deny', policies: ['only carol'], why: 'only carol' })
  assert.equal(policy.countersign(asked({ account: { ...bob, forgeId: 9 } })).kind, 'allow')
  assert.equal(policy.countersign(asked({ action: { ...hook, resource: other } as Action })).kind, 'allow')
})

test('a policy sees what is countersigned, for whom, and which refs', async () => {
  const { policy } = await inProcessBed({
    'x.cedar': `@id("no") forbid (principal, action == Action::"countersign", resource)
when { context.verb == "git.push" && context.requester.name == "alice" && context.push.refs.contains("refs/heads/main") };`,
  })
  assert.equal(policy.countersign(asked({ action: push })).kind, 'deny')
  assert.equal(policy.countersign(asked({ action: push, requester: { ...alice, name: 'x' } })).kind, 'allow')
  assert.equal(policy.countersign(asked()).kind, 'allow')
})

describe('how many it takes', async () => {
  const two = `@id("two people") forbid (principal, action in Action::"change", resource == Repo::"acme/app") unless { context.countersignatures >= 1 };
@id("pin") forbid (principal, action in Action::"change", resource == Repo::"acme/app") unless { context.proof.uv };`
  const { policy } = await inProcessBed({ 'two.cedar': two })
  const people = (more: object = {}, p = session) => {
    const decision = policy.decide({ ...ask(push, p), ...more }, [key])
    return decision.kind === 'challenge' ? [decision.people, decision.want.uv] : decision.kind
  }
  test('the challenge says what the person gives, and how many others', () => {
    assert.deepEqual(people(), [1, true])
    assert.deepEqual(people({}, touched), [1, true])
    assert.deepEqual(people({}, { ...touched, uv: true }), [1, true])
    assert.deepEqual(people({ countersignatures: 1 }, { ...touched, uv: true }), 'allow')
    assert.deepEqual(people({ countersignatures: 1 }, touched), [1, true])
  })
  test('elsewhere nobody else is wanted', () => {
    assert.equal(
      policy.decide({ ...ask({ ...push, resource: other } as Action, touched) }, [key]).kind,
      'allow',
    )
  })
  test('more than three is nobody', async () => {
    const bed = await inProcessBed({ 'x.cedar': two.replace('>= 1', '>= 4') })
    const decision = bed.policy.decide(ask(push, session), [key])
    assert.equal(decision.kind, 'deny')
  })
  test('reads are what they were, and remembered', () => {
    const read = ask({ verb: 'page.read', resource: app }, session)
    assert.equal(policy.allowsRead(read), true)
    assert.equal(policy.allowsRead(read), true)
  })
})
