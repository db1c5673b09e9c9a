import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { alice, app, ask, other, page, passkey, push, session } from '../../test/support/policy-bed.ts'
import type { Action } from '../core/action/action.ts'
import { VERB_NAMES } from '../core/action/verbs.ts'
import { NO_PROOF } from '../core/proof.ts'
import { inProcessBed } from './in-process-bed.ts'

const nobody = (action: Action) => ask(action, NO_PROOF, { account: null, device: null })
const read: Action = { verb: 'page.read', resource: app }
const fetch: Action = { verb: 'git.fetch', resource: app }
const OPEN = 'permit (principal is Anonymous, action in Action::"read", resource);'

describe('visitors of whom nothing is known', () => {
  test('the shipped default is not for them', async () => {
    const { policy } = await inProcessBed()
    assert.equal(policy.opens, false)
    for (const action of [read, fetch, page, push]) assert.equal(policy.allowsRead(nobody(action)), false)
  })
  test('one line opens what reads, and nothing else', async () => {
    const { policy, said } = await inProcessBed({ 'x.cedar': OPEN })
    assert.equal(policy.opens, true)
    assert.deepEqual(
      [read, fetch].map((action) => policy.allowsRead(nobody(action))),
      [true, true],
    )
    for (const verb of VERB_NAMES) {
      if (verb === 'page.read' || verb === 'git.fetch') continue
      const action = { verb, resource: app, ...(verb === 'git.push' && { updates: [] }) } as Action
      assert.equal(policy.decide(nobody(action), [passkey]).kind, 'deny', verb)
    }
    assert.ok(
      said.every(({ level }) => level === 'error'),
      'such requests do not fit the schema',
    )
  })
  test('a permit for every principal is for those who have an account', async () => {
    for (const text of [
      'permit (principal, action in Action::"read", resource);',
      'permit (principal, action == Action::"git.fetch", resource) when { principal is Anonymous };',
    ]) {
      const { policy } = await inProcessBed({ 'x.cedar': text })
      assert.equal(policy.opens, false)
      assert.equal(policy.allowsRead(nobody(read)), false)
      assert.equal(policy.allowsRead(nobody(fetch)), false)
    }
  })
  test('a forbid is theirs, too, named or not', async () => {
    const { policy } = await inProcessBed({
      'x.cedar': `${OPEN} @id("only administrators") forbid (principal, action, resource == Repo::"acme/app") unless { principal.admin };`,
    })
    assert.equal(policy.allowsRead(nobody(read)), false)
    assert.equal(policy.allowsRead(nobody({ verb: 'page.read', resource: other })), true)
  })
  test('what is remembered of them is not remembered of anybody else', async () => {
    const { policy } = await inProcessBed({ 'x.cedar': OPEN })
    assert.equal(policy.allowsRead(nobody(read)), true)
    assert.equal(
      policy.allowsRead(ask(read, NO_PROOF, { account: { ...alice, state: 'disabled' }, device: null })),
      false,
    )
    assert.equal(policy.allowsRead(ask(read, session)), true)
    assert.equal(policy.allowsRead(nobody(read)), true)
  })
})
