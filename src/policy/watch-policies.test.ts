import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { app, ask, key, page, policyBed, push, session, touched } from '../../test/support/policy-bed.ts'
import { inProcessBed } from './in-process-bed.ts'
import type { LoadedPolicies } from './load-policies.ts'
import { type PolicyWatch, watchPolicies } from './watch-policies.ts'

const CLOSED = '@id("closed") forbid (principal, action in Action::"read", resource);'
const PIN =
  '@id("pin") forbid (principal, action == Action::"git.push", resource) unless { context.proof.uv };'
const read = ask({ verb: 'page.read', resource: app }, session)
/** Nothing here waits for the real two seconds. */
const PACE = { poll: 40, quiet: 25, retry: 100 }

interface Bed {
  readonly policy: LoadedPolicies
  readonly dir: string
  /** What names mean to the forge. */
  readonly ids: Map<string, number>
  readonly watch: PolicyWatch
  readonly said: { level: string; message: string; problem?: string }[]
  /** How often the engine was told to reload. */
  readonly reloads: () => number
}

async function bed(
  t: TestContext,
  files: Record<string, string> = {},
  { retry = 60_000, worker = false } = {},
): Promise<Bed> {
  const { policy, dir, ids } = await (worker ? policyBed(files) : inProcessBed(files))
  const engine = policy as LoadedPolicies
  const said: Bed['said'] = []
  const note =
    (level: string) =>
    (fields: object, message: string): unknown =>
      said.push({ level, message, ...fields })
  let reloads = 0
  const watch = watchPolicies({
    dir,
    policy: {
      reload: () => {
        reloads++
        return engine.reload()
      },
      get inForce() {
        return engine.inForce
      },
    },
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    pace: { ...PACE, retry },
  })
  t.after(() => watch.stop())
  return { policy: engine, dir, ids, watch, said, reloads: () => reloads }
}

/** Until it is so. The test's own time limit ends what never becomes so. */
async function until(so: () => boolean): Promise<void> {
  while (!so()) await sleep(5)
}

/** Long enough for several looks at the directory. */
const settled = (): Promise<void> => sleep(PACE.poll * 4)

describe('a change of policy files', { timeout: 60_000, concurrency: true }, () => {
  test('a burst is one reload, and what was written last is in force', async (t) => {
    const { policy, dir, reloads } = await bed(t)
    await settled()
    for (let at = 0; at < 50; at++) {
      writeFileSync(join(dir, `${at % 5}.cedar`), `// ${at}`)
      if (at % 10 === 0) await sleep(1)
    }
    writeFileSync(join(dir, '0.cedar'), CLOSED)
    await until(() => !policy.allowsRead(read))
    await settled()
    assert.equal(reloads(), 1)
  })
  test('a forbid holds for the next decision, and for reads that were remembered', async (t) => {
    const { policy, dir, said } = await bed(t, {}, { worker: true })
    assert.equal(policy.allowsRead(read), true)
    assert.equal(policy.allowsRead(read), true)
    assert.equal(policy.decide(ask(push, touched), [key]).kind, 'allow')
    const { digest } = policy
    writeFileSync(join(dir, 'x.cedar'), `${CLOSED}\n${PIN}`)
    await until(() => policy.digest !== digest)
    assert.equal(policy.allowsRead(read), false)
    assert.deepEqual(policy.decide(ask(page, session), []).policies, ['closed'])
    assert.equal(policy.decide(ask(push, touched), [key]).kind, 'deny')
    writeFileSync(join(dir, 'x.cedar'), PIN)
    await until(() => policy.allowsRead(read))
    assert.deepEqual(policy.decide(ask(push, touched), [key]).policies, ['pin'])
    rmSync(join(dir, 'x.cedar'))
    await until(() => policy.digest === digest)
    assert.equal(policy.allowsRead(read), true)
    await until(() => said.length === 3)
    assert.deepEqual(
      said.map(({ level, message }) => [level, message]),
      Array(3).fill(['info', 'other policies are in force']),
    )
  })
  test('a bad file is named once, the last good set stays, and it is said when it can be used', async (t) => {
    const { policy, dir, watch, said, reloads } = await bed(t, { 'x.cedar': CLOSED }, { retry: 50 })
    const { digest } = policy
    writeFileSync(join(dir, 'x.cedar'), `\n${CLOSED.replace('read', 'rest')}`)
    await until(() => watch.problem !== null)
    assert.match(watch.problem!, /^x\.cedar:2: .*rest/)
    await until(() => reloads() > 2) // tried again, and nothing more is said
    assert.deepEqual([policy.digest, policy.allowsRead(read)], [digest, false])
    assert.deepEqual(
      said.map(({ level, problem }) => [level, problem]),
      [['error', watch.problem]],
    )
    writeFileSync(join(dir, 'x.cedar'), '\nnonsense')
    await until(() => watch.problem !== said[0]!.problem)
    assert.match(watch.problem!, /^x\.cedar:2: /)
    writeFileSync(join(dir, 'x.cedar'), CLOSED)
    await until(() => watch.problem === null)
    assert.deepEqual(
      said.map(({ level }) => level),
      ['error', 'error', 'warn'],
    )
    assert.equal(said[2]?.message, 'the policy files can be used again')
  })
  test('a name that the forge learns later', async (t) => {
    const { policy, dir, watch, ids } = await bed(t, {}, { retry: 50 })
    writeFileSync(join(dir, 'x.cedar'), CLOSED.replace('resource)', 'resource == Repo::"acme/late")'))
    await until(() => watch.problem !== null)
    assert.match(watch.problem!, /^x\.cedar:1: the forge has no Repo "acme\/late"/)
    ids.set('acme/late', 3)
    await until(() => watch.problem === null)
    assert.equal(policy.allowsRead(read), false)
  })
  test('a directory that appears later, and one that is exchanged', async (t) => {
    const { policy, dir } = await bed(t)
    rmSync(dir, { recursive: true })
    await settled()
    mkdirSync(`${dir}-new`)
    writeFileSync(join(`${dir}-new`, 'x.cedar'), CLOSED)
    renameSync(`${dir}-new`, dir)
    await until(() => !policy.allowsRead(read))
    mkdirSync(`${dir}-new`)
    writeFileSync(join(`${dir}-new`, 'y.cedar'), PIN)
    renameSync(dir, `${dir}-old`)
    renameSync(`${dir}-new`, dir)
    await until(() => policy.allowsRead(read))
    writeFileSync(join(dir, 'x.cedar'), CLOSED)
    await until(() => !policy.allowsRead(read))
  })
  test('a directory that is gone with its policies is nobody\u2019s decision', async (t) => {
    const { policy, dir, watch, said } = await bed(t, { 'x.cedar': CLOSED })
    rmSync(dir, { recursive: true })
    await until(() => watch.problem !== null)
    assert.match(watch.problem!, /:1: the directory is gone$/)
    assert.equal(policy.allowsRead(read), false)
    mkdirSync(dir)
    await until(() => watch.problem === null)
    assert.equal(policy.allowsRead(read), true)
    assert.deepEqual(
      said.map(({ level }) => level).filter((level) => level !== 'info'),
      ['error', 'warn'],
    )
  })
  test('a file written beside and renamed over, with the size and the time of the old one', async (t) => {
    const { policy, dir } = await bed(t, { 'x.cedar': `${CLOSED} // closed` })
    const then = new Date(1_700_000_000_000)
    utimesSync(join(dir, 'x.cedar'), then, then)
    await settled()
    writeFileSync(join(dir, 'x.cedar~'), `// ${CLOSED} closed`)
    utimesSync(join(dir, 'x.cedar~'), then, then)
    renameSync(join(dir, 'x.cedar~'), join(dir, 'x.cedar'))
    await until(() => policy.allowsRead(read))
  })
  test('touching a file, other files, and a lock that the load wrote are no change', async (t) => {
    const { policy, dir, reloads } = await bed(t, { 'x.cedar': CLOSED })
    await settled()
    utimesSync(join(dir, 'x.cedar'), new Date(), new Date())
    writeFileSync(join(dir, '.x.cedar.swp'), 'x')
    await settled()
    assert.equal(reloads(), 0)
    writeFileSync(join(dir, 'y.cedar'), PIN.replace('resource)', 'resource == Repo::"acme/app")'))
    await until(() => policy.inForce.files.has('policy.lock.json'))
    await settled()
    assert.equal(reloads(), 1)
  })
  test('a line taken out of the lock is a change', async (t) => {
    const { dir, reloads, policy } = await bed(t, {
      'x.cedar': CLOSED.replace('resource)', 'resource == Repo::"acme/app")'),
      'policy.lock.json': '{"Repo acme/app":"4"}',
    })
    assert.equal(policy.allowsRead(read), true)
    await settled()
    writeFileSync(join(dir, 'policy.lock.json'), '{}')
    await until(() => !policy.allowsRead(read))
    assert.equal(reloads(), 1)
  })
})

describe('the watch itself', { timeout: 60_000, concurrency: true }, () => {
  /** An engine that reloads when it is told to. */
  function slowEngine(): {
    policy: Pick<LoadedPolicies, 'reload' | 'inForce'>
    waiting: (() => void)[]
    reloads: () => number
  } {
    const waiting: (() => void)[] = []
    let reloads = 0
    const inForce = { digest: 'sha256:0', policies: [], files: new Map<string, string>() }
    const policy = {
      inForce,
      reload: () => {
        reloads++
        return new Promise<void>((resolve) => waiting.push(resolve))
      },
    }
    return { policy, waiting, reloads: () => reloads }
  }
  const log = { info: assert.fail, warn: assert.fail, error: assert.fail }

  test('changes during a reload are one more reload, afterwards', async (t) => {
    const { dir } = await policyBed()
    const { policy, waiting, reloads } = slowEngine()
    const watch = watchPolicies({ dir, policy, log, pace: PACE })
    t.after(() => watch.stop())
    writeFileSync(join(dir, 'x.cedar'), '1')
    await until(() => reloads() === 1)
    for (const text of ['2', '3', '4']) {
      writeFileSync(join(dir, 'x.cedar'), text)
      await sleep(PACE.quiet * 2)
    }
    assert.equal(reloads(), 1)
    ;(policy.inForce.files as Map<string, string>).set('x.cedar', 'what 1 was')
    waiting.shift()!()
    await until(() => reloads() === 2)
    waiting.shift()!()
    await sleep(0)
  })
  test('stop waits for a reload that runs, and nothing is read afterwards', async () => {
    const { dir } = await policyBed()
    const { policy, waiting, reloads } = slowEngine()
    const watch = watchPolicies({ dir, policy, log, pace: PACE })
    writeFileSync(join(dir, 'x.cedar'), '1')
    await until(() => reloads() === 1)
    let stopped = false
    const stopping = watch.stop().then(() => {
      stopped = true
    })
    await sleep(PACE.poll)
    assert.equal(stopped, false)
    waiting.shift()!()
    await stopping
    writeFileSync(join(dir, 'x.cedar'), '2')
    await settled()
    assert.equal(reloads(), 1)
  })
})

describe('a megabyte of hostile text', { timeout: 120_000 }, () => {
  const P = 'permit (principal, action, resource)'
  const deep = `${'('.repeat(60)}true${')'.repeat(60)}`
  const texts: readonly [string, string, RegExp][] = [
    ['nested without end', `${P} when { ${'('.repeat(1_000_000)}`, /^x\.cedar:1: nested deeper than 64/],
    ['nested as deep as may be, to the end', `${P} when { ${deep} };\n`.repeat(250), /^x\.cedar:1: /],
    ['of small policies', `${P};\n`.repeat(27_000), /^x\.cedar:19\d\d: more than 2000 policies/],
  ]
  const bed = policyBed()
  for (const [name, text, message] of texts) {
    test(`${name}: this thread goes on, and so does the engine`, async () => {
      const { policy, dir } = await bed
      const end = name.includes('to the end') ? '\nforbid (principal, action, resource == Repo::"none");' : ''
      writeFileSync(join(dir, 'x.cedar'), `${text}${end}`)
      let ticks = 0
      let done = false
      const ticking = (): void => {
        ticks++
        if (!done) setTimeout(ticking, 1)
      }
      ticking()
      const problem = await policy.reload().catch((error: Error) => error.message)
      done = true
      assert.match(String(problem), end ? /^x\.cedar:252: the forge has no Repo/ : message)
      assert.ok(ticks > 10, `${ticks} ticks`)
      assert.equal(policy.allowsRead(read), true)
      assert.equal(policy.decide(ask(push, touched), [key]).kind, 'allow')
    })
  }
})
