import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../../test/support/any-text.ts'
import { CHANGE_FIELDS } from './change-fields.ts'
import {
  fieldsFit,
  isStatementAction,
  parseStatement,
  REPEATED,
  STATEMENT_FIELDS,
  type StatementAction,
  writeStatement,
} from './statement.ts'

const dir = join(import.meta.dirname, '..', '..', '..', 'vectors', 'statement')
const texts = (kind: string): [string, string][] =>
  readdirSync(join(dir, kind)).map((name) => [name, readFileSync(join(dir, kind, name), 'utf8')])

describe('valid', () => {
  for (const [name, text] of texts('valid'))
    test(name, () => {
      const parsed = parseStatement(text)
      assert.ok(parsed.ok)
      assert.equal(writeStatement(parsed.value), text)
    })
  test('every action of our own has one, and so has every kind of resource of a change', () => {
    const found = new Set(texts('valid').map(([, text]) => /^action (.*)$/m.exec(text)![1]!))
    const ours = Object.keys(STATEMENT_FIELDS).filter((action) => !Object.hasOwn(CHANGE_FIELDS, action))
    assert.deepEqual(
      ours.filter((action) => !found.has(action)),
      [],
    )
    for (const line of [/^repo \S+ forge-id \d+$/m, /^org \S+ forge-id \d+$/m])
      assert.ok(texts('valid').some(([, text]) => line.test(text)))
  })
})

describe('invalid', () => {
  const valid = new Set(texts('valid').map(([, text]) => text))
  for (const [name, text] of texts('invalid'))
    test(name, () => {
      assert.ok(!valid.has(text), 'the vector is a valid one')
      assert.equal(parseStatement(text).ok, false)
    })
  test('longer than any statement', () => {
    assert.equal(parseStatement('a'.repeat(64 * 1024 + 1)).ok, false)
  })
})

const value = anyText
/** The lines of one field: one, or for a repeated field several that rise. */
function valuesOf(spec: string): fc.Arbitrary<[string, string][]> {
  const name = spec.replace(/[?*+]$/, '')
  if (spec.endsWith('?')) return fc.option(value).map((text) => (text === null ? [] : [[name, text]]))
  if (!/[*+]$/.test(spec)) return value.map((text) => [[name, text]])
  const least = spec.endsWith('+') ? REPEATED.least : 0
  return fc
    .uniqueArray(value, { minLength: least, maxLength: REPEATED.most })
    .map((all) => all.sort((a, b) => (a < b ? -1 : 1)).map((text) => [name, text]))
}

const statement = fc.constantFrom(...(Object.keys(STATEMENT_FIELDS) as StatementAction[])).chain((action) =>
  fc.record({
    origin: fc.constantFrom('https://id.git.example.com', 'http://localhost:3001'),
    actor: fc.record({ name: fc.string({ minLength: 1 }), forgeId: fc.nat() }),
    action: fc.constant(action),
    resource: fc.constantFrom(
      null,
      { kind: 'repo' as const, owner: 'acme', name: 'a b', forgeId: 3 },
      { kind: 'org' as const, name: 'ácme', forgeId: 9 },
    ),
    fields: fc
      .tuple(...(STATEMENT_FIELDS[action] as readonly string[]).map(valuesOf))
      .map((fields) => fields.flat()),
    policy: fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((b) => `sha256:${Buffer.from(b).toString('hex')}`),
    issued: fc.nat(4_000_000_000).map((s) => s * 1000),
    expires: fc.nat(4_000_000_000).map((s) => s * 1000),
    nonce: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => Buffer.from(b).toString('base64url')),
  }),
)

test('write then parse', () => {
  fc.assert(
    fc.property(statement, (value) => {
      const parsed = parseStatement(writeStatement(value))
      // fast-check's records have no prototype; a plain copy has.
      assert.deepEqual(parsed, { ok: true, value: structuredClone(value) })
    }),
  )
})

test('any changed byte is refused or says something else', () => {
  const text = texts('valid')[0]![1]
  const before = parseStatement(text)
  for (let where = 0; where < text.length; where++)
    for (const flip of [1, 2, 0x20, 0x40]) {
      const bytes = Buffer.from(text)
      bytes[where]! ^= flip
      const parsed = parseStatement(bytes.toString('latin1'))
      if (parsed.ok) assert.notDeepEqual(parsed, before)
    }
})

test('never throws, and accepts only what it would write', () => {
  const lines = texts('valid').flatMap(([, text]) => text.split('\n'))
  const shuffled = fc.array(fc.constantFrom(...lines), { maxLength: 14 }).map((all) => `${all.join('\n')}\n`)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
        shuffled,
      ),
      (text) => {
        const parsed = parseStatement(text)
        if (parsed.ok) assert.equal(writeStatement(parsed.value), text)
      },
    ),
  )
})

test('fields of another action cannot be written', () => {
  assert.equal(
    fieldsFit('device.add', [
      ['kind', 'webauthn'],
      ['name', 'x'],
    ]),
    true,
  )
  assert.equal(
    fieldsFit('device.add', [
      ['name', 'x'],
      ['kind', 'webauthn'],
    ]),
    false,
  )
  assert.equal(fieldsFit('git-password.create', [['name', 'x']]), false)
  assert.equal(isStatementAction('toString'), false)
  const parsed = parseStatement(texts('valid')[0]![1])
  assert.ok(parsed.ok)
  assert.throws(() => writeStatement({ ...parsed.value, fields: [] }), RangeError)
})

test('a repeated field: as often as it may stand, rising, and with nothing between', () => {
  const items = (n: number): [string, string][] =>
    Array.from({ length: n }, (_, i) => ['item', `sha256:${String(i).padStart(64, '0')}`])
  assert.equal(fieldsFit('push.batch', items(REPEATED.least)), true)
  assert.equal(fieldsFit('push.batch', items(REPEATED.most)), true)
  assert.equal(fieldsFit('push.batch', items(REPEATED.least - 1)), false)
  assert.equal(fieldsFit('push.batch', items(REPEATED.most + 1)), false)
  assert.equal(fieldsFit('push.batch', items(3).reverse()), false)
  assert.equal(fieldsFit('push.batch', [...items(2), items(2)[1]!]), false)
  assert.equal(fieldsFit('push.batch', [...items(2), ['name', 'x']]), false)
})
