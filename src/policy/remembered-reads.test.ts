import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  alice,
  app,
  ask,
  NOW,
  other,
  page,
  passkey,
  push,
  session,
  touched,
} from '../../test/support/policy-bed.ts'
import type { Account, Device } from '../core/identity.ts'
import type { DecisionRequest } from '../core/policy/engine.ts'
import type { Proof } from '../core/proof.ts'
import { inProcessBed } from './in-process-bed.ts'

describe('what is remembered of reads ends with', () => {
  const read = ask({ verb: 'page.read', resource: app }, session)
  /** A policy on one thing, and a request in which it is otherwise. Neither the epoch nor the version moves. */
  const device = (change: Partial<Device>): DecisionRequest => ({
    ...read,
    device: { ...passkey, ...change },
  })
  const account = (change: Partial<Account>): DecisionRequest => ({
    ...read,
    account: { ...alice, ...change },
  })
  const proof = (change: Partial<Proof>): DecisionRequest => ({ ...read, proof: { ...session, ...change } })
  const seen: readonly [string, DecisionRequest][] = [
    ['context.proof.method == "none"', proof({ method: 'none' })],
    ['!context.proof.up', proof({ up: false })],
    ['!context.proof.uv', proof({ uv: false })],
    ['context.proof.bound == "action"', proof({ bound: 'action' })],
    ['context.proof.shown == "diff"', proof({ shown: 'diff' })],
    ['context.proof.ageSeconds > 60', proof({ ageSeconds: 61 })],
    ['context.proof.batch', proof({ batch: true })],
    ['context.device.kind == "ssh-sk"', device({ kind: 'ssh-sk' })],
    ['!context.device.active', device({ state: 'suspended' })],
    ['context.device.ageHours < 24', device({ createdAt: NOW - 3_600_000 })],
    ['context.device.backupEligible', device({ backupEligible: true })],
    ['principal.name == "bob"', account({ name: 'Bob' })],
    ['principal.admin', account({ admin: true })],
    ['!principal.active', account({ state: 'disabled' })],
    ['principal == Account::"8"', account({ forgeId: 8 })],
    [
      'context.part == "wiki"',
      { ...read, action: { verb: 'page.read', resource: { ...app, part: 'wiki' } } },
    ],
    [
      'resource is Repo && resource.owner == "umbrella"',
      {
        ...read,
        action: { verb: 'page.read', resource: { ...app, repo: { ...app.repo, owner: 'umbrella' } } },
      },
    ],
    ['resource == Repo::"4"', { ...read, action: { verb: 'page.read', resource: other } }],
    ['action == Action::"git.fetch"', { ...read, action: { verb: 'git.fetch', resource: app } }],
  ]
  // One engine for all of them, since each policy stops its own request only; those that look at an age change what is
  // remembered, so they are apart.
  for (const aged of [false, true]) {
    const rows = seen.filter(([condition]) => /age(?:Seconds|Hours)/.test(condition) === aged)
    const beds = inProcessBed({
      'x.cedar': rows
        .map(
          ([condition]) =>
            `@id(${JSON.stringify(condition)}) forbid (principal, action in Action::"read", resource) when { ${condition} };`,
        )
        .join('\n'),
    })
    for (const [condition, changed] of rows) {
      test(`a change of ${condition}`, async () => {
        const { policy } = await beds
        const answers = [read, changed, read, changed].map((request) => policy.allowsRead(request))
        assert.deepEqual(answers, [true, false, true, false])
        assert.deepEqual(policy.decide(changed, []).policies, [condition])
      })
    }
  }
  test('time, when policy looks at an age', async () => {
    const { policy, clock } = await inProcessBed({
      'x.cedar': '@id("x") forbid (principal, action, resource) when { context.device.ageHours >= 48 };',
    })
    assert.equal(policy.allowsRead(read), true)
    clock.now += 86_400_000
    assert.equal(policy.allowsRead(read), false)
  })
  test('a new policy', async () => {
    const { policy, dir } = await inProcessBed()
    assert.equal(policy.allowsRead(read), true)
    writeFileSync(
      join(dir, 'no.cedar'),
      '@id("closed") forbid (principal, action, resource == Repo::"acme/app");',
    )
    await policy.reload()
    assert.equal(policy.allowsRead(read), false)
    assert.equal(policy.allowsRead(ask(page, session)), true)
    writeFileSync(join(dir, 'no.cedar'), '')
    await policy.reload()
    assert.equal(policy.allowsRead(read), true)
  })
  test('an epoch, and the same request is judged anew', async () => {
    const { policy, clock, said } = await inProcessBed()
    assert.equal(policy.allowsRead(read), true)
    clock.epoch++
    assert.equal(policy.allowsRead(account({ state: 'disabled' })), false)
    clock.epoch++
    assert.equal(policy.allowsRead(read), true)
    assert.deepEqual(said, [])
  })
  test('a change is never answered as a read', async () => {
    const { policy } = await inProcessBed()
    assert.equal(policy.decide(ask(push, touched), []).kind, 'allow')
    assert.equal(policy.allowsRead(ask(push, touched)), false)
  })
})
