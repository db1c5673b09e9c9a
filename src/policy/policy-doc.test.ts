import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { alice, app, ask, key, NOW, push, pushOf, touched, withPin } from '../../test/support/policy-bed.ts'
import { accountId } from '../core/identity.ts'
import type { DecisionRequest } from '../core/policy/engine.ts'
import { NO_PROOF } from '../core/proof.ts'
import { loadCedar } from './cedar.ts'
import { inProcessBed } from './in-process-bed.ts'
import { shippedSource } from './sources.ts'

const doc = readFileSync(new URL('../../docs/formats/policy.md', import.meta.url), 'utf8')
const [shipped, ...examples] = [...doc.matchAll(/^```cedar\n(.*?)^```$/gms)].map((block) => block[1]!)

describe('docs/formats/policy.md', () => {
  test('has the shipped default, verbatim', () => {
    assert.equal(shipped, shippedSource('default.cedar').text)
  })

  test('has every attribute of the schema with its type, and no other', () => {
    const rows = [...doc.matchAll(/^\| `((?:principal|resource|context)\.[\w.]+)` \| (\w[\w ]*) \|/gm)]
    assert.deepEqual(new Map(rows.map(([, name, type]) => [name, type])), attributes())
  })

  test('has every action with its group and resources', () => {
    const { actions } = schema()
    const names = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((name) => name[1]!)
    const rows = [...doc.matchAll(/^\| `?([a-z-]+)`? \| (`[A-Z][^|]+) \| ([^|]+) \|$/gm)].flatMap((row) =>
      names(row[3]!).map((action) => [action, [row[1]], names(row[2]!)]),
    )
    const inSchema = Object.entries(actions).flatMap(([name, { memberOf, appliesTo }]) =>
      appliesTo?.resourceTypes.length
        ? [[name, memberOf?.map(({ id }) => id) ?? ['none'], appliesTo.resourceTypes]]
        : [],
    )
    assert.deepEqual(sorted(rows), sorted(inSchema))
  })

  const bob = { ...alice, id: accountId('b'), name: 'bob', forgeId: 8 }
  const read = { verb: 'page.read', resource: app } as const
  const tag = pushOf('refs/tags/v1')
  const young = { ...key, createdAt: NOW - 23 * 3_600_000 }
  const verdicts: readonly [string, readonly [string, DecisionRequest, string][]][] = [
    [
      'payments requires FIDO2 with PIN',
      [
        ['a touch', ask(push, touched), 'challenge'],
        ['a PIN', ask(push, withPin), 'allow'],
      ],
    ],
    [
      'only alice releases the app',
      [
        ['a tag by alice', ask(tag, touched), 'allow'],
        ['a tag by bob', ask(tag, touched, { account: bob }), 'deny'],
        ['a branch by bob', ask(push, touched, { account: bob }), 'allow'],
      ],
    ],
    [
      'a new key waits a day',
      [
        ['a key of a day', ask(push, touched), 'allow'],
        ['a younger one', ask(push, withPin, { device: young }), 'deny'],
      ],
    ],
    [
      'public repositories are for everybody',
      [['a page, by nobody', ask(read, NO_PROOF, { account: null, device: null }), 'allow']],
    ],
    [
      'payments needs two people',
      [
        ['one person', ask(push, withPin), 'challenge'],
        ['a second one', ask(push, withPin, { countersignatures: 1 }), 'allow'],
      ],
    ],
    ['bob or carol countersigns payments', []],
  ]
  test('has no example that is not tried here', () => {
    assert.deepEqual(
      examples.map((text) => /^@id\("(.*?)"\)/.exec(text)?.[1]),
      verdicts.map(([id]) => id),
    )
  })
  for (const [at, [id, rows]] of verdicts.entries()) {
    const bed = inProcessBed({ 'example.cedar': examples[at]! })
    for (const [name, request, kind] of rows) {
      test(`${id}: ${name}: ${kind}`, async () => {
        const { policy } = await bed
        const decision = policy.decide(request, request.device ? [request.device] : [])
        assert.equal(decision.kind, kind)
        if (kind !== 'allow') assert.deepEqual(decision.policies, [id])
      })
    }
  }
})

test('a critical change needs a PIN that is bound to it', () => {
  const decide = (proof: object): string => {
    const answer = loadCedar().isAuthorized({
      principal: { type: 'Account', id: '7' },
      action: { type: 'Action', id: 'repo.delete' },
      resource: { type: 'Repo', id: '3' },
      context: {
        proof: {
          method: 'webauthn',
          up: true,
          uv: true,
          bound: 'action',
          shown: 'none',
          ageSeconds: 0,
          batch: false,
          ...proof,
        },
        device: { kind: 'webauthn', active: true, ageHours: 30, backupEligible: false },
        push: { refs: [], deletes: false, tags: false },
        part: 'code',
        countersignatures: 0,
      },
      entities: [
        {
          uid: { type: 'Account', id: '7' },
          attrs: { name: 'alice', admin: true, active: true },
          parents: [],
        },
        { uid: { type: 'Repo', id: '3' }, attrs: { owner: 'acme' }, parents: [] },
      ],
      schema: shippedSource('schema.cedarschema').text,
      validateRequest: true,
      policies: { staticPolicies: shippedSource('default.cedar').text },
    })
    assert.ok(answer.type === 'success')
    return answer.response.decision
  }
  assert.deepEqual([{}, { uv: false }, { bound: 'session' }].map(decide), ['allow', 'deny', 'deny'])
})

type Type = {
  type: string
  name?: string
  element?: Type
  attributes?: { [name: string]: Type & { required?: boolean } }
}

function schema(): {
  commonTypes: { [name: string]: Type }
  entityTypes: { [name: string]: { shape?: Type } }
  actions: { [name: string]: { memberOf?: { id: string }[]; appliesTo?: { resourceTypes: string[] } } }
} {
  const answer = loadCedar().schemaToJson(shippedSource('schema.cedarschema').text)
  assert.ok(answer.type === 'success')
  return answer.json[''] as unknown as ReturnType<typeof schema>
}

/** Every leaf that a policy can name, with its type in words; an optional one would be an error waiting to happen. */
function attributes(): Map<string, string> {
  const { commonTypes, entityTypes } = schema()
  const found = new Map<string, string>()
  const visit = (path: string, type: Type): void => {
    const named = commonTypes[type.name ?? type.type]
    if (named) {
      visit(path, named)
      return
    }
    for (const [name, inner] of Object.entries(type.attributes ?? {})) {
      assert.notEqual(inner.required, false, `${path}.${name}`)
      visit(`${path}.${name}`, inner)
    }
    if (type.type === 'Record') return
    found.set(
      path,
      type.element ? `Set of ${type.element.name ?? type.element.type}` : (type.name ?? type.type),
    )
  }
  visit('principal', entityTypes['Account']!.shape!)
  visit('resource', entityTypes['Repo']!.shape!)
  visit('resource', entityTypes['Org']!.shape!)
  visit('context', commonTypes['Context']!)
  visit('context', commonTypes['Countersigning']!)
  return found
}

function sorted(rows: readonly unknown[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}
