import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ask, NOW, PIN, page, policyDir, push, session, touched } from '../../test/support/policy-bed.ts'
import { sha256Hex } from '../core/crypto.ts'
import { canonicalJson } from '../core/ledger/canonical-json.ts'
import { type LoadedPolicies, loadPolicies } from './load-policies.ts'
import { type AppendPolicyLoad, recordPolicy } from './record-policy.ts'

const CLOSED = '@id("closed") forbid (principal, action in Action::"read", resource);'
function engine(dir: string, append: AppendPolicyLoad): Promise<LoadedPolicies> {
  return loadPolicies({
    dir,
    resolveRepo: async (owner, name) => ({ id: 3, owner, name }),
    resolveAccount: () => undefined,
    resolveOrg: async () => undefined,
    epoch: () => 1,
    now: () => NOW,
    log: { warn: assert.fail, error: assert.fail },
    onChange: recordPolicy(append),
  })
}

test('a set is on record before it decides, with what it replaces and the files it was read from', async () => {
  const dir = policyDir({})
  const records: Parameters<AppendPolicyLoad>[0][] = []
  const policy = await engine(dir, async (record) => {
    assert.equal(policy.allowsRead(ask(page, session)), true) // still the old one
    canonicalJson(record.payload)
    records.push(record)
    return { ok: true }
  })
  const first = policy.digest
  const shipped = policy.inForce.policies
  await recordPolicy(async (record) => ({ ok: records.push(record) > 0 }))(policy.inForce)
  writeFileSync(join(dir, 'b.cedar'), CLOSED)
  writeFileSync(join(dir, 'a.cedar'), PIN)
  await policy.reload()
  assert.equal(policy.allowsRead(ask(page, session)), false)
  const lock = '{\n  "Repo acme/app": "3"\n}\n'
  assert.deepEqual(records, [
    { type: 'policy.load', payload: { digest: first, previous: null, policies: shipped, files: [] } },
    {
      type: 'policy.load',
      payload: {
        digest: policy.digest,
        previous: first,
        policies: [...shipped, 'app requires FIDO2 with PIN', 'closed'],
        files: [
          { file: 'a.cedar', sha256: sha256Hex(PIN) },
          { file: 'b.cedar', sha256: sha256Hex(CLOSED) },
          { file: 'policy.lock.json', sha256: sha256Hex(lock) },
        ],
      },
    },
  ])
  writeFileSync(join(dir, 'b.cedar'), `// in other words\n${CLOSED}`)
  await policy.reload()
  assert.equal(records.length, 2)
  assert.equal(policy.inForce.files.get('b.cedar'), sha256Hex(`// in other words\n${CLOSED}`))
})

test('a set that cannot be recorded does not come into force', async () => {
  for (const append of [
    () => Promise.reject(new Error('the disk is full')),
    async () => ({ ok: false }),
  ] satisfies AppendPolicyLoad[]) {
    const dir = policyDir({})
    const policy = await engine(dir, append)
    const { digest, version, inForce } = policy
    writeFileSync(join(dir, 'x.cedar'), '@id("open") permit (principal, action, resource);')
    await assert.rejects(policy.reload(), { message: /the disk is full|could not be recorded/ })
    assert.deepEqual([policy.digest, policy.version, policy.inForce], [digest, version, inForce])
    assert.equal(policy.decide(ask(push, { ...touched, up: false }), []).kind, 'challenge')
  }
})
