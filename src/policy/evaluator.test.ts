import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, PIN, page, policyBed, push, session, touched, withPin } from '../../test/support/policy-bed.ts'
import { freshCedar, loadCedar } from './cedar.ts'

/** Let the instance that engines made from now on share die, and nobody else's. */
function trap(): void {
  const nested = `${'('.repeat(300)}true${')'.repeat(300)}`
  assert.throws(() =>
    loadCedar().policySetTextToParts(`permit (principal, action, resource) when { ${nested} };`),
  )
}

test('a trapped instance denies once, is replaced, and the same policies are in force again', async (t) => {
  freshCedar()
  t.after(freshCedar)
  const { policy, said } = await policyBed({ 'app.cedar': PIN })
  const { digest, version } = policy
  assert.equal(policy.decide(ask(push, withPin), []).kind, 'allow')
  trap()
  assert.deepEqual(policy.decide(ask(push, withPin), []), {
    kind: 'deny',
    policies: [],
    why: 'policy could not be evaluated',
  })
  assert.ok(said.some(({ message }) => message === 'the policy engine trapped; it is made anew'))
  assert.equal(policy.decide(ask(push, withPin), []).kind, 'allow')
  assert.equal(policy.decide(ask(push, touched), []).kind, 'challenge')
  assert.deepEqual([policy.digest, policy.version], [digest, version])
})

test('a denial out of a trap is not remembered for reads', async (t) => {
  freshCedar()
  t.after(freshCedar)
  const { policy } = await policyBed()
  trap()
  assert.deepEqual(
    [1, 2].map(() => policy.allowsRead(ask(page, session))),
    [false, true],
  )
})

test('loading on a trapped instance fails, and leaves a good one', async (t) => {
  freshCedar()
  t.after(freshCedar)
  trap()
  await assert.rejects(policyBed({ 'app.cedar': PIN }), { code: 'bad-policy' })
  const { policy } = await policyBed({ 'app.cedar': PIN })
  assert.equal(policy.decide(ask(push, touched), []).kind, 'challenge')
})

test('two engines in one process keep to their own policies', async () => {
  const closed = await policyBed({ 'x.cedar': '@id("closed") forbid (principal, action, resource);' })
  const open = await policyBed()
  assert.equal(open.policy.allowsRead(ask(page, session)), true)
  assert.equal(closed.policy.allowsRead(ask(page, session)), false)
})
