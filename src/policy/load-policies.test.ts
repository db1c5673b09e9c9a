import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ask, NOW, PIN, page, policyDir, push, session, touched } from '../../test/support/policy-bed.ts'
import { inProcessBed } from './in-process-bed.ts'
import { loadPolicies } from './load-policies.ts'

describe('the effective set', () => {
  const CLOSED = 'forbid (principal, action in Action::"read", resource);'
  test('an @id is only text: no name of ours makes a policy vanish', async () => {
    const ids = ['__proto__', '0', 'constructor', '']
    const { policy } = await inProcessBed({ 'x.cedar': ids.map((id) => `@id("${id}") ${CLOSED}\n`).join('') })
    const decision = policy.decide(ask(page, session), [])
    assert.equal(decision.kind, 'deny')
    assert.deepEqual(new Set(decision.policies), new Set(['__proto__', '0', 'constructor', 'x.cedar:4']))
  })
  test('a policy without @id goes by file and line, in the order of the file', async () => {
    const lines = Array.from({ length: 12 }, () => CLOSED).join('\n')
    const { policy } = await inProcessBed({ 'x.cedar': lines })
    const ids = policy.decide(ask(page, session), []).policies
    assert.deepEqual(new Set(ids), new Set(Array.from({ length: 12 }, (_, i) => `x.cedar:${i + 1}`)))
  })
  test('digest and version follow what is in force, not how it is written', async () => {
    const { policy, dir } = await inProcessBed({ 'app.cedar': PIN })
    const { digest, version } = policy
    writeFileSync(join(dir, 'app.cedar'), `// said better\n${PIN.replace('Acme/App', 'acme/APP')}`)
    await policy.reload()
    assert.deepEqual([policy.digest, policy.version], [digest, version])
    writeFileSync(join(dir, 'app.cedar'), PIN.replace('uv', 'up'))
    await policy.reload()
    assert.notEqual(policy.digest, digest)
    assert.equal(policy.version, version + 1)
  })
  test('reloads that run at once end with what was written last', async () => {
    const { policy, dir } = await inProcessBed()
    writeFileSync(join(dir, 'x.cedar'), 'nonsense')
    const first = policy.reload()
    writeFileSync(join(dir, 'x.cedar'), CLOSED)
    const second = policy.reload()
    await Promise.allSettled([first, second])
    assert.equal(policy.allowsRead(ask(page, session)), false)
  })
  test('no directory is no policy of yours; a policy that can never apply is remarked on', async () => {
    await inProcessBed()
    const { said } = await inProcessBed({
      'x.cedar': '\n@id("y") forbid (principal, action == Action::"git.push", resource == Site::"forge");',
    })
    assert.deepEqual([said[0]?.level, said[0]?.['where']], ['warn', 'x.cedar:2'])
    assert.match(said[0]!.message, /applicable action/)
  })
  test('a lock that cannot be written lets no new name in', async () => {
    const { policy, dir } = await inProcessBed()
    writeFileSync(join(dir, 'x.cedar'), PIN)
    mkdirSync(join(dir, 'policy.lock.json.new'))
    await assert.rejects(policy.reload(), { message: /^policy\.lock\.json:1: cannot be written/ })
    assert.equal(policy.decide(ask(push, touched), []).kind, 'allow')
  })
})

test('a directory without policies of its own is made by nobody', async () => {
  const dir = policyDir({})
  const policy = await loadPolicies({
    dir: join(dir, 'none'),
    resolveRepo: () => Promise.reject(new Error('not asked')),
    resolveAccount: () => undefined,
    resolveOrg: async () => undefined,
    epoch: () => 1,
    now: () => NOW,
    log: { warn: assert.fail, error: assert.fail },
  })
  assert.match(policy.digest, /^sha256:[0-9a-f]{64}$/)
  assert.equal(policy.allowsRead(ask(page, session)), true)
})
