import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../../test/support/any-text.ts'
import { refusal } from '../refusal.ts'
import { type ChangeSchema, readChange, schemaFor, writeChange } from './change.ts'
import { choice, exactly, field, ID, IDS, line, lines, number, PRESSED, YES_NO } from './field.ts'
import type { Form } from './form.ts'

const schema: ChangeSchema = {
  verbs: ['repo.webhook.update', 'repo.visibility.update'],
  verb: (said, facts) =>
    said('open') === 'yes' && facts.private !== false ? 'repo.visibility.update' : 'repo.webhook.update',
  match: [['action', 'update']],
  send: [['uid', '1']],
  ignore: ['redirect_to'],
  constants: [['kind', 'gogs']],
  params: [field('hook', ID, { required: true })],
  fields: [
    field('new-name', line(20), { required: true }),
    field('note', lines(50)),
    field('secret', line(20), { digest: true }),
    field('open', YES_NO),
    field('event', choice({ 1: 'push', 2: 'all' }), { name: 'mode' }),
    field('branch', line(20), { required: true, when: ['event', 'push'] }),
    field('file', ID, { name: 'ids[]', list: true }),
  ],
  check: (said) => (said('new-name') === 'bad' ? refusal('bad-request', 'No.') : undefined),
  sentence: (said, where) => `Rename ${where.repo?.name} to ${said('new-name')}`,
}
const where = { repo: { owner: 'acme', name: 'app' }, org: null }
const read = (form: Form, params: readonly string[] = ['7'], facts = {}) =>
  readChange(schema, params, form, where, facts)
const least: Form = [
  ['action', 'update'],
  ['new_name', 'x'],
]

describe('a form in named fields', () => {
  test('in the order of the schema; what is off says so, what is empty is left out', () => {
    const came = read([
      ['ids[]', '9'],
      ['ids[]', '10'],
      ['mode', '1'],
      ['branch', 'main'],
      ['secret', 'hush'],
      ['note', ''],
      ['_csrf', 'token'],
      ['redirect_to', '//evil'],
      ['uid', '5'],
      ...least,
    ])
    assert.ok(came.ok)
    assert.deepEqual(came.value, {
      verb: 'repo.webhook.update',
      where,
      fields: [
        ['kind', 'gogs'],
        ['hook', '7'],
        ['new-name', 'x'],
        ['secret', 'hush'],
        ['open', 'no'],
        ['event', 'push'],
        ['branch', 'main'],
        ['file', '10'],
        ['file', '9'],
      ],
      stated: [
        ['kind', 'gogs'],
        ['hook', '7'],
        ['new-name', 'x'],
        ['secret-digest', 'sha256:dc8331bcb2283e89d275a1c2fe66f7bf5ac3163ec1967f149dd7e27906365f0c'],
        ['open', 'no'],
        ['event', 'push'],
        ['branch', 'main'],
        ['file', '10'],
        ['file', '9'],
      ],
      sentence: 'Rename app to x',
    })
  })
  test('its verb may depend on what it says, and on what is known of the place', () => {
    const open: Form = [...least, ['open', 'on']]
    const verbOf = (facts: object): unknown => {
      const came = read(open, ['7'], facts)
      return came.ok && came.value.verb
    }
    assert.equal(verbOf({}), 'repo.visibility.update')
    assert.equal(verbOf({ private: true }), 'repo.visibility.update')
    assert.equal(verbOf({ private: false }), 'repo.webhook.update')
  })
  test('written again: discriminators, what the forge wants, the fields, and no token', () => {
    const came = read([...least, ['mode', '2'], ['branch', 'dropped']])
    assert.ok(came.ok)
    assert.deepEqual(writeChange(schema, came.value.fields), [
      ['action', 'update'],
      ['uid', '1'],
      ['new_name', 'x'],
      ['mode', '2'],
    ])
  })
  test('text is carried as it is', () => {
    for (const note of [' x ', 'a\r\nb\tc', '\u202eevil', '%00', '\ufeff', 'é'.normalize('NFD')]) {
      const came = read([...least, ['note', note]])
      assert.ok(came.ok)
      assert.deepEqual(writeChange(schema, came.value.fields).at(-1), ['note', note])
    }
  })
})

describe('refused', () => {
  const bad: readonly (readonly [string, Form, (readonly string[])?])[] = [
    ['a field that is missing', [['action', 'update']]],
    [
      'a field that is empty and must not be',
      [
        ['action', 'update'],
        ['new_name', ''],
      ],
    ],
    ['a field that is missing because of another', [...least, ['mode', '1']]],
    ['an unknown field', [...least, ['other', 'x']]],
    ['a name in other case', [...least, ['Secret', 'x']]],
    ['a name with brackets', [...least, ['secret[]', 'x']]],
    ['a name with a look-alike', [...least, ['s\u0435cret', 'x']]],
    ['a name with a space behind', [...least, ['secret ', 'x']]],
    ['the key in place of the name', [...least, ['new-name', 'x']]],
    ['a field twice', [...least, ['secret', 'x'], ['secret', 'y']]],
    ['a field twice, once empty', [...least, ['secret', 'x'], ['secret', '']]],
    ['a discriminator twice', [...least, ['action', 'delete']]],
    ['a token twice', [...least, ['_csrf', 'x'], ['_csrf', 'x']]],
    ['a value of a list twice', [...least, ['ids[]', '1'], ['ids[]', '1']]],
    [
      'a list that nobody reads',
      [...least, ...Array.from({ length: 101 }, (_, at): [string, string] => ['ids[]', String(at + 1)])],
    ],
    ['a newline in a line', [...least, ['secret', 'x\ny']]],
    ['a NUL', [...least, ['note', 'x\0y']]],
    ['a lone surrogate', [...least, ['note', '\ud800']]],
    ['text that is too long', [...least, ['secret', 'x'.repeat(21)]]],
    ['a mark that is none', [...least, ['open', '1']]],
    ['a word that is none', [...least, ['mode', '3']]],
    ['the meaning in place of the word', [...least, ['mode', 'push']]],
    ['a name that every object has', [...least, ['mode', 'constructor']]],
    [
      'what the schema forbids',
      [
        ['action', 'update'],
        ['new_name', 'bad'],
      ],
    ],
    ['a parameter that is no number', least, ['x']],
    ['no parameter', least, []],
  ]
  for (const [name, form, params] of bad)
    test(name, () => {
      const came = read(form, params)
      assert.equal(came.ok, false)
      assert.equal(!came.ok && came.error.reason, 'bad-request')
    })
  test('what nobody may mean', () => {
    const no = refusal('not-allowed-yet', 'Never.')
    assert.deepEqual(readChange({ ...schema, refused: no }, ['7'], least, where, {}), {
      ok: false,
      error: no,
    })
  })
})

test('the discriminator chooses; none that fits is none', () => {
  const other: ChangeSchema = { ...schema, match: [['action', 'delete']] }
  assert.equal(schemaFor([other, schema], least), schema)
  assert.equal(schemaFor([other, schema], [['action', 'Delete']]), undefined)
  assert.equal(schemaFor([{ ...schema, match: [] }], [])?.match?.length, 0)
})

test('kinds: the text of a value means the value', () => {
  const kinds = [
    line(9),
    lines(9),
    number(-1, 50),
    ID,
    IDS,
    YES_NO,
    PRESSED,
    choice({ a: 'b', b: 'a', c: 'a' }),
  ]
  const text = fc.oneof(
    anyText.filter((text) => text !== ''),
    fc.constantFrom('on', 'true', 'false', '-1', '0', '007', '1,2', '1,', 'a', 'b', 'c', '1e3', '１'),
  )
  fc.assert(
    fc.property(fc.constantFrom(...kinds), text, (kind, sent) => {
      const value = kind.accept(sent)
      if (value === undefined) return
      const again = kind.send(value)
      assert.equal(again === undefined ? kind.unsent : kind.accept(again), value)
    }),
  )
})

test('kinds: what they take and what not', () => {
  const kind = { line: line(3), number: number(-1, 50), id: ID, ids: IDS, yes: YES_NO, pressed: PRESSED }
  const taken = (name: keyof typeof kind, text: string): unknown => kind[name].accept(text)
  for (const [name, text] of [
    ['line', 'abc'],
    ['line', '😀😀😀'],
    ['number', '-1'],
    ['number', '50'],
    ['id', '1'],
    ['ids', '1,22,3'],
  ] as const)
    assert.equal(taken(name, text), text)
  for (const [name, text] of [
    ['line', 'abcd'],
    ['line', 'a\u0085'],
    ['line', 'a\u007f'],
    ['number', '-2'],
    ['number', '51'],
    ['number', '01'],
    ['number', '-0'],
    ['number', '+1'],
    ['number', '1.0'],
    ['number', ' 1'],
    ['id', '0'],
    ['id', '01'],
    ['id', '1'.repeat(19)],
    ['ids', '1,,2'],
    ['ids', ',1'],
    ['yes', 'TRUE'],
    ['pressed', 'x'.repeat(101)],
  ] as const)
    assert.equal(taken(name, text), undefined, `${name} ${text}`)
  assert.equal(taken('pressed', 'Entwurf speichern'), 'yes')
  assert.equal(exactly('x', () => false).accept('x'), undefined)
})
