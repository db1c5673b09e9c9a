import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { alice, app, ask, key, page, push, session, touched } from '../../test/support/policy-bed.ts'
import { type Action, SITE } from '../core/action/action.ts'
import type { DecisionRequest } from '../core/policy/engine.ts'
import { inProcessBed } from './in-process-bed.ts'

describe('whatever goes wrong is a denial', async () => {
  const overflow = 'context.proof.ageSeconds * 4000000000 * 4000000000 > 1'
  for (const effect of ['forbid', 'permit']) {
    test(`a ${effect} whose condition fails is not skipped`, async () => {
      const { policy, said } = await inProcessBed({
        'x.cedar': `@id("overflow") ${effect} (principal, action, resource) when { ${overflow} };`,
      })
      const request = ask(page, { ...session, ageSeconds: 5 })
      assert.deepEqual(policy.decide(request, []), {
        kind: 'deny',
        policies: ['overflow'],
        why: 'policy could not be evaluated',
      })
      assert.equal(policy.allowsRead(request), false)
      assert.equal(said[0]?.message, 'a decision could not be made and is a denial')
    })
  }

  const { policy } = await inProcessBed()
  const unfit: readonly [string, DecisionRequest][] = [
    ...(['method', 'up', 'uv', 'bound', 'shown', 'ageSeconds', 'batch'] as const).map(
      (name): [string, DecisionRequest] => [
        `no proof.${name}`,
        ask(push, { ...touched, [name]: undefined as never }),
      ],
    ),
    ['an age that is no number', ask(push, { ...touched, ageSeconds: Number.NaN })],
    ['an age in fractions', ask(push, { ...touched, ageSeconds: 0.5 })],
    ['a device of no kind', ask(push, touched, { device: { ...key, kind: undefined as never } })],
    ['a device of no age', ask(push, touched, { device: { ...key, createdAt: undefined as never } })],
    [
      'an account that is no administrator nor none',
      ask(push, touched, { account: { ...alice, admin: undefined as never } }),
    ],
    ['an account without a name', ask(push, touched, { account: { ...alice, name: undefined as never } })],
    [
      'a repository without a part',
      ask({ ...push, resource: { ...app, part: undefined as never } } as Action, touched),
    ],
    ['a push without updates', ask({ ...push, updates: undefined } as never, touched)],
    ['a verb that the schema does not know', ask({ verb: 'repo.explode', resource: app } as never, touched)],
    ['a group for a verb', ask({ verb: 'change', resource: app } as never, touched)],
    ['a resource of another kind', ask({ verb: 'page.read', resource: { kind: 'gist' } } as never, session)],
    [
      'a resource that the verb does not go with',
      ask({ verb: 'git.fetch', resource: SITE } as never, session),
    ],
    ['no resource', ask({ verb: 'page.read' } as never, session)],
  ]
  for (const [name, request] of unfit) {
    test(`a request with ${name}`, () => {
      assert.deepEqual(policy.decide(request, [key]), {
        kind: 'deny',
        policies: [],
        why: 'policy could not be evaluated',
      })
    })
  }
})
