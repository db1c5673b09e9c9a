import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../../test/support/any-text.ts'
import type { Change, ChangeSchema, PlaceFacts } from '../../core/action/change.ts'
import type { FieldSpec } from '../../core/action/field.ts'
import { type Form, parseForm } from '../../core/action/form.ts'
import { canonicalUrl } from '../../core/canonical-url.ts'
import { BOUND_FIELDS } from '../../core/statement/change-fields.ts'
import { fieldsFit, isStatementAction } from '../../core/statement/statement.ts'
import type { Route } from '../forge.ts'
import { gogsRoute } from './route.ts'
import { ROUTES } from './routes.ts'

type ChangeRoute = Extract<Route, { kind: 'change' }>

function routeOf(method: string, path: string, query = ''): ChangeRoute {
  const route = gogsRoute(method, path, query)
  assert.ok(route.kind === 'change', `${method} ${path}: ${route.kind}`)
  return route
}

/** The change of a POST, or why there is none. */
function came(path: string, form: Form, facts?: PlaceFacts, query = ''): Change | string {
  const described = routeOf('POST', path, query).describe(form, facts)
  return described.ok ? described.value : described.error.reason
}

function verbOf(path: string, form: Form, facts?: PlaceFacts): string {
  const change = came(path, form, facts)
  return typeof change === 'string' ? change : change.verb
}

// Values of every kind; what a field takes is for its kind to say.
const POOL = [
  'on app alice main topic/x v1.0 docs/a.md main/docs/ä b.txt owners acme/app Home 0-0 7 12 1,2 1 2 3 5 -1 on',
  'direct commit-to-new-branch push_only send_everything choose_events create_merge_commit rebase_before_merging',
  'read write admin numeric alphanumeric a@example.com https://hooks.example/x?a=b http://10.0.0.1:8080/',
  'git://example.com/x.git 1111111111111111111111111111111111111111 6c2f1b0e-5e3a-4b1c-9d2e-0a1b2c3d4e5f',
  '7c2f1b0e-5e3a-4b1c-9d2e-0a1b2c3d4e5f',
]
  .join(' ')
  .split(' ')
const free = fc.oneof(
  anyText.filter((text) => text !== ''),
  fc.constantFrom('a b', 'a+b', '50%', '%00', 'a&b=c', 'x\r\ny', 'é', '\u202eevil', 'Ⅷ', '日本', ' x'),
)

function valuesOf(spec: FieldSpec): fc.Arbitrary<string> {
  const known = POOL.filter((text) => spec.kind.accept(text) !== undefined)
  assert.ok(known.length > 0, `no value is known for ${spec.key}`)
  const wild = free.filter((text) => spec.kind.accept(text) !== undefined)
  const isFree = spec.kind.accept('x y') !== undefined
  return isFree ? fc.oneof(wild, fc.constantFrom(...known)) : fc.constantFrom(...known)
}

/** Pairs for one field of a form. */
function pairsOf(spec: FieldSpec): fc.Arbitrary<[string, string][]> {
  if (spec.list)
    return fc
      .uniqueArray(valuesOf(spec), { minLength: spec.required ? 1 : 0, maxLength: 3 })
      .map((all) => all.map((value) => [spec.name, value]))
  const one = valuesOf(spec).map((value): [string, string][] => [[spec.name, value]])
  return spec.required
    ? one
    : fc.oneof(one, fc.constant<[string, string][]>([]), fc.constant<[string, string][]>([[spec.name, '']]))
}

const PLACES: Readonly<Record<string, string>> = { ':owner': 'acme', ':repo': 'app', ':org': 'acme' }

interface Case {
  readonly name: string
  readonly method: string
  readonly schema: ChangeSchema
  readonly path: fc.Arbitrary<string>
  readonly form: fc.Arbitrary<Form>
}

const cases: Case[] = ROUTES.flatMap(([method, pattern, fate]) =>
  fate.kind !== 'change'
    ? []
    : fate.schemas
        .filter(({ refused }) => refused === undefined)
        .map((schema): Case => {
          const params = [...(schema.params ?? [])]
          const path = fc
            .tuple(
              ...pattern
                .slice(1)
                .split('/')
                .map((word) => {
                  if (word !== '*' && !word.startsWith(':')) return fc.constant(word)
                  if (PLACES[word] !== undefined) return fc.constant(PLACES[word])
                  const values = valuesOf(params.shift()!)
                  const fits = word === '*' ? values : values.filter((value) => !value.includes('/'))
                  return fits.map((value) => value.split('/').map(encodeURIComponent).join('/'))
                }),
            )
            .map((words) => `/${words.join('/')}`)
            .filter((text) => canonicalUrl(text).ok && gogsRoute(method, text, '').kind === 'change')
          const form = fc
            .tuple(...schema.fields.map(pairsOf))
            .map((pairs) => [...(schema.match ?? []), ...pairs.flat()] as Form)
          return { name: `${method} ${pattern}: ${schema.verbs[0]}`, method, schema, path, form }
        }),
)

/** The form such that it agrees in itself: the name of the repository is typed, an import has an address, and the like. */
function agreeing(form: Form): Form {
  const isEnd = form.some(
    ([name, value]) => name === 'action' && /^(?:delete|transfer|delete-wiki)$/.test(value),
  )
  return form.flatMap(([name, value]): Form => {
    if (/^(?:mirror|allow_git_hook|allow_import_local)$/.test(name)) return []
    if (name === 'repo_name' && isEnd) return [[name, 'app']]
    if (name === 'clone_addr') return [[name, `https://example.com/${encodeURIComponent(value)}`]]
    if (name === 'login_type') return [[name, '2-1']]
    return [[name, value]]
  })
}

/** The fields of its statement: those of the form, and what the gateway adds. */
function bound({ verb, stated }: Change): Change['stated'] {
  const added = BOUND_FIELDS[verb] ?? []
  return [
    ...stated.filter(([key]) => !added.includes(key)),
    ...added.map((key): [string, string] => [key, 'x']),
  ]
}

describe('what is written means what was described', () => {
  for (const { name, method, path, form, schema } of cases)
    test(name, () => {
      let described = 0
      fc.assert(
        fc.property(
          path,
          form.map(agreeing),
          fc.constantFrom({}, { private: false }),
          (where, sent, facts) => {
            const route = routeOf(method, where)
            const first = route.describe([['_csrf', 'x'], ...sent], facts)
            if (!first.ok) return
            described++
            const change = first.value
            assert.ok(schema.verbs.includes(change.verb))
            assert.ok(route.verbs.includes(change.verb))
            const written = route.write(change, facts)
            assert.equal(written.method, method)
            assert.deepEqual(canonicalUrl(written.path), {
              ok: true,
              value: { path: written.path, query: '' },
            })
            assert.doesNotMatch(written.body, /_csrf/)
            const pairs = parseForm(written.body)
            assert.ok(pairs.ok)
            const again = routeOf(written.method, written.path).describe(pairs.value, facts)
            assert.deepEqual(again, first)
            assert.ok(isStatementAction(change.verb) && fieldsFit(change.verb, bound(change)), change.verb)
            // And there is one way to write it.
            assert.deepEqual(route.write(change, facts), written)
          },
        ),
        { numRuns: 60 },
      )
      assert.ok(described > 0, 'no form was described at all')
    })
  test('nothing else is written', () => {
    const route = routeOf('POST', '/acme/app/settings/collaboration')
    const change = came('/acme/app/settings/collaboration', [['collaborator', 'bob']])
    assert.ok(typeof change === 'object')
    for (const other of [
      { ...change, verb: 'repo.delete' as const },
      { ...change, fields: [] },
      { ...change, fields: [...change.fields, ['access', 'admin'] as const] },
      { ...change, fields: [['person', 'bob\nevil'] as const] },
      { ...change, fields: [['person', '\ud800'] as const] },
      { ...change, where: { repo: null, org: 'acme' } },
    ])
      assert.throws(() => route.write(other), RangeError)
  })
})

describe('every schema', () => {
  test('fits a statement when every field is as long as it may be', () => {
    for (const { name, schema } of cases) {
      const size = [...(schema.params ?? []), ...schema.fields].reduce(
        (sum, spec) => sum + largest(spec),
        2000,
      )
      assert.ok(size <= 64 * 1024, `${name}: ${size} bytes`)
    }
  })
  const all = [...new Set(cases.map(({ schema }) => schema))]
  test('has keys of a statement, each once', () => {
    for (const { constants = [], params = [], fields } of all) {
      const keys = [...constants.map(([key]) => key), ...[...params, ...fields].map(({ key }) => key)]
      assert.equal(new Set(keys).size, keys.length, keys.join(' '))
      for (const key of keys) assert.match(key, /^[a-z]+(?:-[a-z]+)*$/)
    }
  })
  test('has a sentence for a person, without a secret in it', () => {
    for (const { sentence, params = [], fields } of all) {
      const hidden = new Set(
        [...params, ...fields].filter((spec) => spec.stated === 'digest').map(({ key }) => key),
      )
      const said = (key: string): string => (hidden.has(key) ? 'https://host.example/hush' : `(${key})`)
      const text = sentence(said, { repo: { owner: 'acme', name: 'app' }, org: 'acme' })
      assert.match(text, /^[A-Z].*[^.]$/)
      assert.doesNotMatch(text, /undefined|hush/)
    }
  })
  test('keeps every secret out of what is stated', () => {
    for (const { fields, params = [] } of all)
      for (const spec of [...params, ...fields])
        if (/secret|password|content|notes/.test(spec.key) && spec.key !== 'content-type')
          assert.equal(spec.stated, 'digest', spec.key)
  })
  test('refuses what is unknown, twice, or spelled otherwise', () => {
    for (const { method, schema, path, form, name } of cases)
      fc.assert(
        fc.property(path, form.map(agreeing), (where, sent) => {
          const route = routeOf(method, where)
          const refuses = (more: Form): void => {
            const now = route.describe([...sent, ...more])
            assert.equal(now.ok, false, `${name} ${JSON.stringify([...sent, ...more])}`)
          }
          refuses([['other', 'x']])
          refuses([['__proto__', 'x']])
          for (const { name: known, list } of schema.fields) {
            if (known === known.toLowerCase() && /[a-z]/.test(known)) refuses([[known.toUpperCase(), 'on']])
            refuses([[`${known}[]`, 'x']])
            refuses([[`${known}.x`, 'x']])
            if (!list) refuses([...[known, known].map((twice): [string, string] => [twice, 'on'])])
          }
        }),
        { numRuns: 3 },
      )
  })
})

describe('what a form means', () => {
  const settings = '/acme/app/settings'
  test('the settings of a repository, by their field `action`', () => {
    const update: Form = [
      ['action', 'update'],
      ['repo_name', 'App'],
    ]
    assert.equal(verbOf(settings, update), 'repo.visibility.update')
    assert.equal(verbOf(settings, update, { private: true }), 'repo.visibility.update')
    assert.equal(verbOf(settings, update, { private: false }), 'repo.settings.update')
    assert.equal(verbOf(settings, [...update, ['private', 'on']], { private: true }), 'repo.settings.update')
    const wiki: Form = [
      ['action', 'advanced'],
      ['allow_public_wiki', 'on'],
    ]
    assert.equal(verbOf(settings, wiki), 'repo.visibility.update')
    assert.equal(verbOf(settings, wiki, { private: false }), 'repo.features.update')
    const named: Form = [['repo_name', 'App']]
    assert.equal(verbOf(settings, [['action', 'delete'], ...named]), 'repo.delete')
    assert.equal(verbOf(settings, [['action', 'delete-wiki'], ...named]), 'repo.wiki.delete')
    assert.equal(
      verbOf(settings, [['action', 'transfer'], ...named, ['new_owner_name', 'bob']]),
      'repo.transfer',
    )
    for (const action of ['mirror', 'mirror-sync', 'convert'])
      assert.equal(verbOf(settings, [['action', action]]), 'not-allowed-yet', action)
    for (const action of ['', 'Delete', 'delete ', 'other'])
      assert.equal(verbOf(settings, [['action', action], ...named]), 'unknown-action', action)
    assert.equal(verbOf(settings, named), 'unknown-action')
  })
  test('not by two actions, in body or query', () => {
    const named: Form = [
      ['action', 'delete'],
      ['repo_name', 'app'],
    ]
    assert.equal(came(settings, [...named, ['action', 'update']]), 'bad-request')
    assert.equal(came(settings, named, {}, 'action=update'), 'bad-request')
    assert.equal(came(settings, named, {}, 'repo_name=app'), 'bad-request')
    assert.equal(came(settings, named, {}, 'broken'), 'bad-request')
    const asked = came(settings, [['repo_name', 'app']], {}, 'action=delete')
    assert.ok(typeof asked === 'object' && asked.verb === 'repo.delete')
    assert.deepEqual(routeOf('POST', settings).write(asked), {
      method: 'POST',
      path: settings,
      body: 'action=delete&repo_name=app',
    })
  })
  test('the wrong name is no confirmation', () => {
    assert.equal(
      came(settings, [
        ['action', 'delete'],
        ['repo_name', 'other'],
      ]),
      'bad-request',
    )
  })
  test('an administrator among collaborators, or not', () => {
    const path = '/acme/app/settings/collaboration/access_mode'
    const by = (mode: string): string =>
      verbOf(path, [
        ['uid', '5'],
        ['mode', mode],
      ])
    assert.deepEqual(['1', '2', '3', '4', 'admin'].map(by), [
      'repo.collaborator.update',
      'repo.collaborator.update',
      'repo.collaborator.make-admin',
      'bad-request',
      'bad-request',
    ])
  })
  test('a mail address is added, or made the main one', () => {
    assert.equal(verbOf('/user/settings/email', [['email', 'a@x']]), 'user.email.add')
    assert.equal(
      verbOf('/user/settings/email', [
        ['_method', 'PRIMARY'],
        ['email', 'a@x'],
      ]),
      'user.email.make-primary',
    )
    assert.equal(
      verbOf('/user/settings/email', [
        ['_method', 'PUT'],
        ['email', 'a@x'],
      ]),
      'bad-request',
    )
  })
  test('the page sends a name for a new branch in either case', () => {
    const form: Form = [
      ['tree_path', 'a.txt'],
      ['content', 'x'],
      ['new_branch_name', 'patch-1'],
    ]
    const direct = came('/acme/app/_new/main', [...form, ['commit_choice', 'direct']])
    assert.ok(typeof direct === 'object')
    assert.equal(
      direct.fields.some(([key]) => key === 'new-branch'),
      false,
    )
    const branch = came('/acme/app/_new/main', [...form, ['commit_choice', 'commit-to-new-branch']])
    assert.ok(typeof branch === 'object')
    assert.deepEqual(branch.fields.at(-1), ['new-branch', 'patch-1'])
    const none: Form = [...form.slice(0, 2), ['commit_choice', 'commit-to-new-branch']]
    assert.equal(came('/acme/app/_new/main', none), 'bad-request')
  })
  test('what names a ref or a file cannot be an option or lead out', () => {
    for (const path of ['-x', 'a%20b/c', 'x.lock', 'a%5Eb', 'a%40%7B'])
      assert.notEqual(typeof gogsChange(`/acme/app/branches/delete/${path}`), 'object', path)
    for (const tree of [
      '/etc/x',
      '../x',
      'a/../b',
      'a//b',
      '.git/config',
      'a/.GIT/x',
      'a\\b',
      'a\nb',
      'a/',
    ]) {
      const form: Form = [
        ['tree_path', tree],
        ['content', 'x'],
        ['commit_choice', 'direct'],
      ]
      assert.equal(came('/acme/app/_new/main', form), 'bad-request', tree)
    }
    assert.equal(came('/acme/app/pulls/1/merge', [['merge_style', '']]), 'bad-request')
  })
  test('bytes of an address that are not UTF-8', () => {
    assert.equal(came('/acme/app/wiki/%FF/delete', []), 'bad-request')
  })
  test('an import comes from outside, once, and with its password in the field for it', () => {
    const from = (address: string, more: Form = []): string =>
      verbOf('/repo/migrate', [['clone_addr', address], ['uid', '1'], ['repo_name', 'x'], ...more])
    assert.equal(from('https://example.com/x.git'), 'repo.migrate')
    assert.equal(from('git://example.com/x.git'), 'repo.migrate')
    assert.equal(from('https://example.com/x.git', [['mirror', 'on']]), 'not-allowed-yet')
    for (const local of ['/srv/git/x.git', '../x', 'C:\\x', 'HTTPS:/x'])
      assert.equal(from(local), 'not-allowed-yet', local)
    for (const odd of [
      'file:///srv/x',
      'ssh://x/y',
      'https://a:b@x/y',
      'https://x/a b',
      'https://',
      'https://x\\@y/',
      'https://example.com/x.git?private_token=x',
    ])
      assert.equal(from(odd), 'bad-request', odd)
  })
  test('a user of the forge gets a password, and nothing that belongs to the server', () => {
    const user: Form = [
      ['login_type', '0-0'],
      ['email', 'e@x'],
    ]
    const made: Form = [...user, ['user_name', 'eve']]
    assert.equal(came('/admin/users/new', made), 'bad-request')
    assert.equal(verbOf('/admin/users/new', [...made, ['password', 'x']]), 'admin.user.create')
    assert.equal(verbOf('/admin/users/new', [['login_type', '2-1'], ...made.slice(1)]), 'admin.user.create')
    assert.equal(verbOf('/admin/users/7', user), 'admin.user.update')
    for (const gift of ['allow_git_hook', 'allow_import_local'])
      assert.equal(came('/admin/users/7', [...user, [gift, 'on']]), 'not-allowed-yet', gift)
  })
  test('the address of a chat’s webhook is a secret, and its host is not', () => {
    const change = came('/acme/app/settings/hooks/slack/new', [
      ['payload_url', 'https://hooks.slack.com/services/T0/B0/hush'],
      ['channel', '#dev'],
      ['events', 'push_only'],
      ['active', 'on'],
    ])
    assert.ok(typeof change === 'object')
    assert.equal(change.sentence, 'Send news of acme/app to hooks.slack.com, as a webhook of the kind slack')
    assert.doesNotMatch(JSON.stringify([change.stated, change.sentence]), /hush/)
  })
  test('a GET without a form', () => {
    const route = routeOf('GET', '/acme/app/milestones/4/close')
    const closed = route.describe([])
    assert.ok(closed.ok)
    assert.deepEqual(closed.value.fields, [
      ['state', 'closed'],
      ['milestone', '4'],
    ])
    assert.deepEqual(route.write(closed.value), {
      method: 'GET',
      path: '/acme/app/milestones/4/close',
      body: '',
    })
    assert.equal(routeOf('GET', '/acme/app/milestones/4/close', 'x=y').describe([]).ok, false)
  })
  test('one place, however it is spelled', () => {
    const paths = ['/Acme/App/settings/collaboration', '/acme/app.git/settings/collaboration']
    for (const path of paths) {
      const change = came(path, [['collaborator', 'bob']])
      assert.deepEqual(change, came('/acme/app/settings/collaboration', [['collaborator', 'bob']]))
    }
  })
})

/** The change of a POST without a form; undefined when its address is refused before. */
function gogsChange(path: string): Change | undefined {
  const route = gogsRoute('POST', path, '')
  if (route.kind !== 'change') return undefined
  const described = route.describe([])
  return described.ok ? described.value : undefined
}

/** Bytes of a field's lines in a statement, at most: a character beyond ASCII takes up to twelve. */
function largest({ key, kind, list, stated }: FieldSpec): number {
  if (stated === 'digest') return key.length + 90
  const takes = (text: string): boolean => kind.accept(text) !== undefined
  const lengths = [100, 255, 512, 2048, 4096, 8192]
  const wide = lengths.findLast((length) => takes('😀'.repeat(length))) ?? 0
  const narrow = list ? 100 * 40 : 2100
  return Math.max(wide * 12, takes('😀') && wide === 0 ? 1200 : 0, narrow)
}
