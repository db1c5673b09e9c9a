import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  alice,
  app,
  ask,
  key,
  NOW,
  passkey,
  policyBed,
  session,
  withPin,
} from '../../../test/support/policy-bed.ts'
import { shippedSource } from '../../policy/sources.ts'
import { type Action, type Resource, SITE } from '../action/action.ts'
import { groupOf, VERB_NAMES, VERBS, type Verb } from '../action/verbs.ts'
import { NO_PROOF, type Proof } from '../proof.ts'
import { policyRequest } from './request.ts'

const acme: Resource = { kind: 'org', org: { id: 9, name: 'Acme' } }
const self: Resource = { kind: 'account', account: { id: alice.forgeId, name: alice.name } }
const RESOURCES: { readonly [on: string]: Resource } = { repo: app, org: acme, account: self, site: SITE }
const to = (verb: Verb, resource: Resource = RESOURCES[VERBS[verb].on]!): Action =>
  ({ verb, resource, ...(verb === 'git.push' && { updates: [] }) }) as Action
const byPasskey: Proof = { ...withPin, method: 'webauthn', device: passkey.id }
const touchOnly: Proof = { ...byPasskey, uv: false }
const old: Proof = { ...session, ageSeconds: 901 }

describe('every verb is decided by its group', async () => {
  const { policy } = await policyBed()
  const decide = (action: Action, proof: Proof): string =>
    policy.decide(ask(action, proof), [passkey, key]).kind
  const allowed: {
    readonly [group: string]: readonly [session: boolean, old: boolean, touch: boolean, pin: boolean]
  } = {
    read: [true, true, true, true],
    'secret-read': [true, false, false, true],
    ride: [true, true, true, true],
    change: [false, false, true, true],
    critical: [false, false, false, true],
    never: [false, false, false, false],
  }
  for (const verb of VERB_NAMES) {
    const group = groupOf(verb)
    test(`${verb}: ${group}`, () => {
      const came = [session, old, touchOnly, byPasskey].map((proof) => decide(to(verb), proof) === 'allow')
      assert.deepEqual(came, allowed[group])
      assert.equal(decide(to(verb), NO_PROOF), 'deny')
      const without = ask(to(verb), byPasskey, { account: { ...alice, state: 'disabled' } })
      assert.equal(policy.decide(without, []).kind, 'deny')
    })
  }
  test('what is for nobody says so', () => {
    assert.deepEqual(policy.decide(ask(to('repo.git-hook.update'), byPasskey), [passkey]), {
      kind: 'deny',
      policies: [
        "programs on the server, mirrors and the forge's own passwords, tokens and keys are for nobody",
      ],
      why: "programs on the server, mirrors and the forge's own passwords, tokens and keys are for nobody",
    })
  })
  test('a page with secrets, by a session without PIN or fingerprint', () => {
    assert.equal(decide(to('repo.webhook.read'), { ...session, uv: false }), 'deny')
    assert.equal(decide(to('repo.webhook.read'), { ...session, ageSeconds: 900 }), 'allow')
  })
  test('a change of somebody else’s account is none', () => {
    const other: Resource = { kind: 'account', account: { id: 8, name: 'bob' } }
    assert.equal(decide(to('user.email.add', other), byPasskey), 'deny')
  })
  test('a verb on what it is not done to', () => {
    assert.equal(decide(to('repo.delete', acme), byPasskey), 'deny')
    assert.equal(decide(to('org.member.add', app), byPasskey), 'deny')
    assert.equal(decide(to('org.member.add', SITE), byPasskey), 'deny')
    assert.equal(decide(to('user.email.add', SITE), byPasskey), 'deny')
  })
  test('the schema declares the verbs, and no other', () => {
    const { text } = shippedSource('schema.cedarschema')
    const declared = [...text.matchAll(/"([a-z-]+(?:\.[a-z-]+)+)"/g)].map(([, verb]) => verb)
    assert.deepEqual([...declared].sort(), [...VERB_NAMES].sort())
  })
})

test('an organisation can be forbidden by its folded name', async () => {
  const { policy } = await policyBed({
    'acme.cedar': `@id("acme is frozen") forbid (principal, action in Action::"change", resource is Org) when { resource.name == "acme" };`,
  })
  const decision = policy.decide(ask(to('org.member.add'), byPasskey), [passkey])
  assert.deepEqual(decision, { kind: 'deny', policies: ['acme is frozen'], why: 'acme is frozen' })
})

test('entities: the person once, and what is acted on', () => {
  const uids = (resource: Resource): unknown =>
    policyRequest(ask(to('page.read', resource), session), NOW).entities.map(
      ({ uid }) => `${uid.type} ${uid.id}`,
    )
  assert.deepEqual(uids(app), ['Account 7', 'Repo 3'])
  assert.deepEqual(uids(acme), ['Account 7', 'Org 9'])
  assert.deepEqual(uids(self), ['Account 7'])
  assert.deepEqual(uids(SITE), ['Account 7', 'Site forge'])
})

test('names of verbs: words with dots between, a dash inside', () => {
  for (const verb of VERB_NAMES) assert.match(verb, /^[a-z]+(?:\.[a-z]+(?:-[a-z]+)*)+$/)
})
