import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ask, key, other, PIN, push, pushOf, touched } from '../../test/support/policy-bed.ts'
import { inProcessBed } from './in-process-bed.ts'

describe('names in policy text', () => {
  const drift = 'a name in a policy means something else now; the locked id stays in force'
  test('one that means another repository now, or none, keeps the locked id, with one alarm', async () => {
    for (const now of [99, undefined]) {
      const { policy, said, ids } = await inProcessBed({
        'app.cedar': `${PIN}${PIN.replace('@id("', '@id("again, ')}`,
      })
      if (now === undefined) ids.delete('acme/app')
      else ids.set('acme/app', now)
      await policy.reload()
      assert.deepEqual(said, [
        {
          level: 'error',
          message: drift,
          name: 'Repo acme/app',
          locked: '3',
          now: now?.toString() ?? 'nothing',
        },
      ])
      assert.equal(policy.decide(ask(push, touched), [key]).kind, 'challenge')
    }
  })
  test('a lock from an earlier run holds, whatever the forge says', async () => {
    const { policy, said } = await inProcessBed({
      'app.cedar': PIN,
      'policy.lock.json': '{"Repo acme/app":"4"}',
    })
    assert.equal(said[0]?.message, drift)
    assert.equal(policy.decide(ask(push, touched), [key]).kind, 'allow')
    const renamed = pushOf('refs/heads/main', { resource: other })
    assert.equal(policy.decide(ask(renamed, touched), [key]).kind, 'challenge')
  })
  test('a forge that does not answer stops no policy that is locked', async () => {
    const { policy, said, clock } = await inProcessBed({ 'app.cedar': PIN })
    clock.unreachable = true
    await policy.reload()
    assert.deepEqual(
      said.map(({ level, name }) => [level, name]),
      [['warn', 'Repo acme/app']],
    )
    assert.equal(policy.decide(ask(push, touched), [key]).kind, 'challenge')
  })
  test('are found in scopes, sets and conditions; ids stay; annotations and strings are no names', async () => {
    const { policy, dir } = await inProcessBed({
      'x.cedar': `@type("Repo") @id("acme/none") @note("Repo::acme/none")
forbid (principal in Account::"ALICE", action in Action::"change", resource is Repo in Repo::"acme/app")
when { [Repo::"acme/payments", Repo::"9"].contains(resource) && principal.name != "acme/none" };`,
    })
    const decision = policy.decide(ask(push, touched), [key])
    assert.deepEqual([decision.kind, decision.policies], ['deny', ['acme/none']])
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(join(dir, 'policy.lock.json'), 'utf8')) as object), [
      'Account alice',
      'Repo acme/app',
      'Repo acme/payments',
    ])
  })
  test('organisations have names, too, and keep the id that the lock has', async () => {
    const { policy, dir } = await inProcessBed({
      'x.cedar': '@id("acme stays") forbid (principal, action, resource == Org::"ACME");',
    })
    const asked = (id: number) =>
      policy.decide(
        {
          ...ask(push, touched),
          action: { verb: 'org.settings.update', resource: { kind: 'org', org: { id, name: 'acme' } } },
        },
        [],
      )
    assert.deepEqual([asked(20).kind, asked(20).policies], ['deny', ['acme stays']])
    assert.equal(asked(21).kind, 'allow')
    assert.equal(readFileSync(join(dir, 'policy.lock.json'), 'utf8').includes('"Org acme": "20"'), true)
  })
})
