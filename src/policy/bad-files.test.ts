import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ask, key, PIN, policyDir, push, touched } from '../../test/support/policy-bed.ts'
import { loadCedar } from './cedar.ts'
import { createEvaluator } from './evaluator.ts'
import { inProcessBed } from './in-process-bed.ts'
import { loadSet, type PolicySet } from './load-set.ts'
import { inProcessReader, type PolicyReader } from './reader.ts'
import { openWorkerReader } from './worker-reader.ts'

describe('a file that cannot be used is named, and the last good set stays', () => {
  const nested = (n: number): string => `${'('.repeat(n)}true${')'.repeat(n)}`
  const P = 'permit (principal, action, resource)'
  const bad: readonly [string, string | Uint8Array, RegExp][] = [
    ['syntax', `${P}\nwhen { context.proof.uv &&& };`, /^x\.cedar:2: /],
    ['syntax behind many bytes', `// ${'é'.repeat(30)}\n${P}\nwhen { &&& };\n${P};\n`, /^x\.cedar:3: /],
    [
      'an unknown attribute',
      '\n@id("y") permit (principal, action, resource) when { context.proof.pin };',
      /^x\.cedar:2: attribute `proof\.pin` /,
    ],
    ['a number for a text', `\n\n${P} when { context.part == 1 };`, /^x\.cedar:3: /],
    [
      'an unknown action',
      `${P};\nforbid (principal, action == Action::"git.pull", resource);`,
      /^x\.cedar:2: .*git\.pull/,
    ],
    ['another site', 'forbid (principal, action, resource == Site::"forges");', /^x\.cedar:1: .*forges/],
    [
      'an unknown repository',
      '\n\n@id("y") forbid (principal, action,\nresource == Repo::"acme/none");',
      /^x\.cedar:4: the forge has no Repo "acme\/none"/,
    ],
    [
      'a repository without owner',
      'forbid (principal, action, resource == Repo::"app");',
      /^x\.cedar:1: the forge has no Repo/,
    ],
    [
      'an id that cannot come',
      'forbid (principal, action, resource == Repo::"003");',
      /^x\.cedar:1: the forge has no Repo/,
    ],
    [
      'an unknown account',
      '@id("y") forbid (principal == Account::"mallory", action, resource);',
      /^x\.cedar:1: the forge has no Account/,
    ],
    [
      'an id twice',
      `@id("y") ${P};\n@id("y") forbid (principal, action, resource);`,
      /^x\.cedar:2: a second policy/,
    ],
    [
      'an id of the shipped default',
      `\n@id("changes need a touch that is bound to them") ${P};`,
      /^x\.cedar:2: a second policy/,
    ],
    ['three hundred parentheses', `${P} when { ${nested(300)} };`, /^x\.cedar:1: nested deeper/],
    [
      'three hundred parentheses in half a comment',
      `// \r${P} when { ${nested(300)} };`,
      /^x\.cedar:1: nested deeper/,
    ],
    ['three hundred negations', `${P} when { ${'!'.repeat(300)}true };`, /^x\.cedar:1: too many occurrences/],
    [
      'a hundred operators in a row',
      `\n${P} when { ${Array(100).fill('principal.admin').join(' || ')} };`,
      /^x\.cedar:2: too many operators in one expression/,
    ],
    [
      'a number that would be rounded',
      `${P} when { context.proof.ageSeconds < 9007199254740993 };`,
      /^x\.cedar:1: a number beyond/,
    ],
    ['a template', 'permit (principal == ?principal, action, resource);', /^x\.cedar:1: .*template/],
    ['a policy without an end', `${P};\n${P}`, /^x\.cedar:2: /],
    ['other bytes than UTF-8', Uint8Array.of(0x2f, 0x2f, 0xff), /^x\.cedar:1: cannot be read/],
    ['more than a megabyte', `// ${' '.repeat(1 << 20)}`, /^x\.cedar:1: larger/],
    ['more than two thousand policies', `${P};\n`.repeat(2001), /^x\.cedar:\d+: more than 2000 policies/],
  ]
  for (const [name, text, message] of bad) {
    test(name, async () => {
      const dir = policyDir({})
      writeFileSync(join(dir, 'x.cedar'), text)
      await assert.rejects(load(dir), { code: 'bad-policy', message })
      assert.throws(() => readFileSync(join(dir, 'policy.lock.json')), { code: 'ENOENT' })
    })
  }
  test('the worker says the same, word for word', async () => {
    const worker = openWorkerReader()
    const here = inProcessReader((work) => work(loadCedar()))
    const said = (reader: PolicyReader, text: string): Promise<string> =>
      reader.parse([{ file: 'x.cedar', text }]).then(
        (policies) => JSON.stringify(policies),
        (error: Error) => error.message,
      )
    for (const [, text] of bad) {
      if (typeof text === 'string') assert.equal(await said(worker, text), await said(here, text))
    }
    await worker.close()
  })
  test('what cannot be parsed, resolved, validated or read leaves policy, lock, digest and version alone', async () => {
    const { policy, dir } = await inProcessBed({ 'app.cedar': PIN })
    const { digest, version, inForce } = policy
    const lock = readFileSync(join(dir, 'policy.lock.json'), 'utf8')
    for (const text of [
      `${P} when { &&& };`,
      'forbid (principal, action, resource == Repo::"acme/none");',
      'forbid (principal == Account::"alice", action, resource) when { context.nothing };',
      Uint8Array.of(0xff),
    ]) {
      writeFileSync(join(dir, 'x.cedar'), text)
      await assert.rejects(policy.reload(), { code: 'bad-policy', message: /^x\.cedar:1: / })
      assert.deepEqual([policy.digest, policy.version], [digest, version])
      assert.deepEqual(policy.inForce, inForce)
      assert.equal(policy.decide(ask(push, touched), [key]).kind, 'challenge')
      assert.equal(readFileSync(join(dir, 'policy.lock.json'), 'utf8'), lock)
    }
    writeFileSync(join(dir, 'x.cedar'), '')
    await policy.reload()
  })
  test('at the start there is no last good set, and no engine', async () => {
    await assert.rejects(inProcessBed({ 'x.cedar': 'permit' }), {
      code: 'bad-policy',
      message: /^x\.cedar:1: /,
    })
  })
  test('a directory and a pipe for a file', async () => {
    const dir = policyDir({})
    mkdirSync(join(dir, 'x.cedar'))
    await assert.rejects(load(dir), {
      code: 'bad-policy',
      message: /^x\.cedar:1: cannot be read: not a file/,
    })
    rmdirSync(join(dir, 'x.cedar'))
    spawnSync('mkfifo', [join(dir, 'x.cedar')])
    await assert.rejects(load(dir), {
      code: 'bad-policy',
      message: /^x\.cedar:1: cannot be read: not a file/,
    })
  })
  test('more than eight megabytes in all', async () => {
    const files = Array.from(
      { length: 9 },
      (_, at) => [`${at}.cedar`, `// ${' '.repeat(1_000_000)}`] as const,
    )
    await assert.rejects(load(policyDir(Object.fromEntries(files))), {
      code: 'bad-policy',
      message: /^8\.cedar:1: with it the files are larger than 8 MiB/,
    })
  })
  for (const lock of [
    '',
    'null',
    '[]',
    '{"Repo acme/app":3}',
    '{"Repo acme/app":"03"}',
    '{"Repo acme/app":""}',
  ]) {
    test(`a lock file that reads ${lock || 'nothing'}`, async () => {
      await assert.rejects(load(policyDir({ 'app.cedar': PIN, 'policy.lock.json': lock })), {
        code: 'bad-policy',
        message: /^policy\.lock\.json:1: /,
      })
    })
  }
  test('a name that is new while the forge does not answer', async () => {
    const { policy, dir, clock } = await inProcessBed()
    clock.unreachable = true
    writeFileSync(join(dir, 'x.cedar'), `\n${PIN}`)
    await assert.rejects(policy.reload(), {
      message: /^x\.cedar:3: the forge could not be asked for Repo "Acme\/App"/,
    })
  })
  test('operators in a row are refused before the engine fails at them, and not earlier than promised', async () => {
    const evaluator = createEvaluator(() => assert.fail('it trapped'))
    for (const operator of [' || ', ' && ']) {
      for (let n = 40; n <= 60; n++) {
        const text = `${P} when { ${Array(n).fill('(principal.admin == !context.proof.up)').join(operator)} };`
        const outcome = await load(policyDir({ 'x.cedar': text })).then(
          (set) => {
            evaluator.install(set)
            return 'loaded'
          },
          ({ message }: Error) => message,
        )
        assert.match(outcome, n === 40 ? /^loaded$/ : /^loaded$|too many operators in one expression/)
      }
    }
  })
})

/** A set read on this thread: none of these texts is one that ends Cedar's instance. */
function load(dir: string): Promise<PolicySet> {
  return loadSet({
    dir,
    resolvers: {
      repo: async (owner, name) => (name === 'app' ? { id: 3, owner, name } : undefined),
      account: () => undefined,
      org: async () => undefined,
      drifted: assert.fail,
    },
    remark: () => undefined,
    openReader: () => inProcessReader((work) => work(loadCedar())),
  })
}
