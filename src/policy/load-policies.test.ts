import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type Action, SITE } from '../core/action/action.ts'
import { type Account, accountId, type Device, deviceId } from '../core/identity.ts'
import type { DecisionRequest, PolicyEngine } from '../core/policy/engine.ts'
import { NO_PROOF, type Proof } from '../core/proof.ts'
import { loadPolicies } from './load-policies.ts'

const root = mkdtempSync(join(tmpdir(), 'policy-'))
after(() => rmSync(root, { recursive: true, force: true }))
let count = 0
const NOW = 1_800_000_000_000

const alice: Account = {
  id: accountId('a'),
  name: 'Alice',
  email: 'a@x',
  forgeId: 7,
  admin: false,
  state: 'active',
}
const key: Device = {
  id: deviceId('k'),
  account: alice.id,
  kind: 'ssh-sk',
  name: 'key',
  state: 'active',
  credential: 'SHA256:x',
  publicKey: new Uint8Array(),
  counter: 0,
  backupEligible: false,
  enrolledBy: 'device:p',
  createdAt: NOW - 86_400_000,
  lastUsedAt: null,
}
const passkey: Device = { ...key, id: deviceId('p'), kind: 'webauthn' }
const app = { kind: 'repo', repo: { id: 3, owner: 'acme', name: 'app' }, part: 'code' } as const
const push: Action = {
  verb: 'git.push',
  resource: app,
  updates: [{ before: '1'.repeat(40), after: '2'.repeat(40), ref: 'refs/heads/main' }],
}
const touched: Proof = {
  method: 'ssh-certificate',
  device: key.id,
  up: true,
  uv: false,
  ageSeconds: 0,
  bound: 'action',
  shown: 'none',
  batch: false,
}
const session: Proof = {
  ...NO_PROOF,
  method: 'webauthn',
  device: passkey.id,
  up: true,
  uv: true,
  bound: 'session',
}

async function engine(
  files: Record<string, string> = {},
  change: { id?: number; epoch?: () => number } = {},
): Promise<{ policy: PolicyEngine; dir: string; errors: string[]; ids: Map<string, number> }> {
  const dir = join(root, String(count++))
  mkdirSync(dir)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  const errors: string[] = []
  const ids = new Map([['acme/app', change.id ?? 3]])
  const note = (_: object, message: string): unknown => errors.push(message)
  const policy = await loadPolicies({
    dir,
    resolveRepo: async (owner, name) => {
      const id = ids.get(`${owner}/${name}`)
      return id === undefined ? undefined : { id, owner, name }
    },
    resolveAccount: (name) => (name === 'alice' ? 7 : undefined),
    epoch: change.epoch ?? (() => 1),
    now: () => NOW,
    log: { warn: note, error: note } as never,
  })
  return { policy, dir, errors, ids }
}

const ask = (action: Action, proof: Proof, change: Partial<DecisionRequest> = {}): DecisionRequest => ({
  account: alice,
  device: proof.device === key.id ? key : passkey,
  action,
  proof,
  ...change,
})
const PIN = `@id("app requires FIDO2 with PIN")
forbid (principal, action in Action::"change", resource == Repo::"Acme/App") unless { context.proof.bound == "action" && context.proof.uv };
`

describe('the shipped default', async () => {
  const { policy } = await engine()
  const rows: readonly [string, DecisionRequest, string][] = [
    ['a page with a session', ask({ verb: 'page.read', resource: SITE }, session), 'allow'],
    ['a fetch with a session', ask({ verb: 'git.fetch', resource: app }, session), 'allow'],
    ['an issue with a session', ask({ verb: 'issue.write', resource: app }, session), 'allow'],
    ['a repository with a session', ask({ verb: 'repo.create', resource: SITE }, session), 'allow'],
    ['a push with a session, however fresh', ask(push, session), 'challenge'],
    ['a push with no proof', ask(push, NO_PROOF), 'challenge'],
    ['a push with a touch bound to it', ask(push, touched), 'allow'],
    ['a push with a signature but no touch', ask(push, { ...touched, up: false }), 'challenge'],
    [
      'a push by a disabled account',
      ask(push, touched, { account: { ...alice, state: 'disabled' } }),
      'deny',
    ],
    [
      'a page by a disabled account',
      ask({ verb: 'page.read', resource: SITE }, session, { account: { ...alice, state: 'disabled' } }),
      'deny',
    ],
    [
      'a page from a revoked device',
      ask({ verb: 'page.read', resource: SITE }, session, { device: { ...passkey, state: 'revoked' } }),
      'deny',
    ],
    ['a page from no device', ask({ verb: 'page.read', resource: SITE }, session, { device: null }), 'deny'],
  ]
  for (const [name, request, kind] of rows) {
    test(`${name}: ${kind}`, () => {
      assert.equal(policy.decide(request, [passkey, key]).kind, kind)
      if (request.action.verb === 'page.read' || request.action.verb === 'git.fetch')
        assert.equal(policy.allowsRead(request), kind === 'allow')
    })
  }
  test('a verb that the schema does not know is a denial', () => {
    assert.equal(
      policy.decide(ask({ verb: 'repo.delete', resource: app } as never, session), []).kind,
      'deny',
    )
  })
})

describe('a repository that requires a PIN', () => {
  test('names are folded and resolved; the challenge asks for UV, and only UV satisfies', async () => {
    const { policy, dir } = await engine({ 'app.cedar': PIN })
    const decision = policy.decide(ask(push, touched), [key])
    assert.deepEqual(decision, {
      kind: 'challenge',
      policies: ['app requires FIDO2 with PIN'],
      want: { bound: 'action', uv: true, method: 'ssh-certificate', shown: 'none' },
      why: 'app requires FIDO2 with PIN',
    })
    assert.equal(policy.decide(ask(push, { ...touched, uv: true }), [key]).kind, 'allow')
    const other = { ...push, resource: { ...app, repo: { id: 4, owner: 'acme', name: 'other' } } }
    assert.equal(policy.decide(ask(other, touched), [key]).kind, 'allow')
    assert.deepEqual(JSON.parse(readFileSync(join(dir, 'policy.lock.json'), 'utf8')), {
      'Repo acme/app': '3',
    })
  })
  test('the wiki is the same repository', async () => {
    const { policy } = await engine({ 'app.cedar': PIN })
    assert.equal(
      policy.decide(ask({ ...push, resource: { ...app, part: 'wiki' } }, touched), [key]).kind,
      'challenge',
    )
  })
  test('a name that means another repository now keeps the locked one, with an alarm', async () => {
    const { policy, dir, errors, ids } = await engine({ 'app.cedar': PIN })
    ids.set('acme/app', 99)
    await policy.reload()
    assert.deepEqual(errors, ['a name in a policy means something else now; the locked id stays in force'])
    assert.equal(policy.decide(ask(push, touched), [key]).kind, 'challenge')
    assert.ok(dir)
  })
})

describe('whatever goes wrong is a denial', () => {
  test('a forbid whose condition fails at run time', async () => {
    const { policy } = await engine({
      'x.cedar':
        '@id("overflow") forbid (principal, action, resource) when { context.proof.ageSeconds * 4000000000 * 4000000000 > 1 };',
    })
    const decision = policy.decide(
      ask({ verb: 'page.read', resource: SITE }, { ...session, ageSeconds: 5 }),
      [],
    )
    assert.equal(decision.kind, 'deny')
    assert.equal(
      policy.allowsRead(ask({ verb: 'page.read', resource: SITE }, { ...session, ageSeconds: 5 })),
      false,
    )
  })
  test('a request that does not fit the schema', async () => {
    const { policy } = await engine()
    assert.equal(policy.decide(ask(push, { ...touched, uv: undefined as never }), []).kind, 'deny')
  })
})

describe('a file that cannot be used is named, and the last good set stays', () => {
  const bad: readonly [string, string, RegExp][] = [
    ['syntax', 'permit (principal, action, resource)\nwhen { context.proof.uv &&& };', /^x\.cedar:2: /],
    [
      'an unknown attribute',
      '\n@id("y") permit (principal, action, resource) when { context.proof.pin };',
      /^x\.cedar:2: /,
    ],
    [
      'an unknown repository',
      '\n\n@id("y") forbid (principal, action, resource == Repo::"acme/none");',
      /^x\.cedar:3: the forge has no Repo "acme\/none"/,
    ],
    [
      'an unknown account',
      '@id("y") forbid (principal == Account::"mallory", action, resource);',
      /^x\.cedar:1: the forge has no Account/,
    ],
    [
      'an id twice',
      '@id("y") permit (principal, action, resource);\n@id("y") forbid (principal, action, resource);',
      /^x\.cedar:2: a second policy/,
    ],
    [
      'three hundred parentheses',
      `permit (principal, action, resource) when { ${'('.repeat(300)}true${')'.repeat(300)} };`,
      /^x\.cedar:1: nested deeper/,
    ],
    [
      'three hundred negations',
      `permit (principal, action, resource) when { ${'!'.repeat(300)}true };`,
      /^x\.cedar:1: nested deeper/,
    ],
    ['a template', 'permit (principal == ?principal, action, resource);', /^x\.cedar:1: templates/],
  ]
  for (const [name, text, message] of bad) {
    test(name, async () => {
      await assert.rejects(
        engine({ 'x.cedar': text }),
        (error: { code: string; message: string }) =>
          error.code === 'bad-policy' && message.test(error.message),
      )
      const { policy, dir } = await engine({ 'app.cedar': PIN })
      const { digest } = policy
      writeFileSync(join(dir, 'x.cedar'), text)
      await assert.rejects(policy.reload(), (error: Error) => message.test(error.message))
      assert.equal(policy.digest, digest)
      assert.equal(policy.decide(ask(push, touched), [key]).kind, 'challenge')
    })
  }
  test('many hyphens in comments and strings are no depth', async () => {
    await engine({
      'x.cedar': `// ${'-'.repeat(200)}\n@id("a-b-c${'-'.repeat(80)}") permit (principal, action, resource) when { principal.name == "${'('.repeat(90)}" };`,
    })
  })
})

describe('what is remembered of reads', () => {
  test('ends with a change of policy, account or device', async () => {
    let epoch = 1
    const { policy, dir } = await engine({}, { epoch: () => epoch })
    const read = ask({ verb: 'page.read', resource: app }, session)
    assert.equal(policy.allowsRead(read), true)
    const disabled = { ...read, account: { ...alice, state: 'disabled' as const } }
    epoch++
    assert.equal(policy.allowsRead(disabled), false)
    epoch++
    assert.equal(policy.allowsRead(read), true)
    writeFileSync(
      join(dir, 'no.cedar'),
      '@id("closed") forbid (principal, action in Action::"read", resource == Repo::"acme/app");',
    )
    await policy.reload()
    assert.equal(policy.allowsRead(read), false)
    assert.equal(policy.allowsRead({ ...read, action: { verb: 'page.read', resource: SITE } }), true)
  })
  test('follows an age that policy looks at', async () => {
    const { policy } = await engine({
      'age.cedar':
        '@id("stale") forbid (principal, action in Action::"read", resource) when { context.proof.ageSeconds > 60 };',
    })
    const at = (ageSeconds: number): boolean =>
      policy.allowsRead(ask({ verb: 'page.read', resource: SITE }, { ...session, ageSeconds }))
    assert.deepEqual([at(60), at(61), at(60)], [true, false, true])
  })
})
