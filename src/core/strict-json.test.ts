import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseStrictJson, type StrictJson } from './strict-json.ts'

const parse = (text: string) => parseStrictJson(Buffer.from(text))
const plain = (value: StrictJson): unknown =>
  value instanceof Map
    ? Object.fromEntries([...value].map(([key, one]) => [key, plain(one as StrictJson)]))
    : Array.isArray(value)
      ? value.map(plain)
      : value

test('what every reader takes alike', () => {
  for (const text of [
    '{}',
    ' { "a" : 1 , "b" : [ true , false , null ] }\r\n\t',
    '{"a":{"a":{"a":"\\u00e9\\n\\"\\\\\\/"}}}',
    '{"n":-9007199254740991,"m":0,"é":"\\ud83d\\ude00 😀"}',
    '{"constructor":1,"__proto__":2,"":3}',
  ]) {
    const read = parse(text)
    assert.ok(read.ok, text)
    assert.deepEqual(Object.entries(plain(read.value) as object), Object.entries(JSON.parse(text)))
  }
})

test('what readers take in two ways, or not at all', () => {
  const deep = (n: number): string => `${'{"a":'.repeat(n)}1${'}'.repeat(n)}`
  assert.ok(parse(deep(8)).ok)
  for (const text of [
    '',
    'null',
    '1',
    '"a"',
    '[]',
    '[{}]',
    '{"a":1,"a":2}',
    '{"title":1,"Title":2}',
    '{"a":1,"\\u0061":2}',
    '{"a":{"b":1,"b":1}}',
    '{"a":1,}',
    '{,}',
    '{"a"}',
    '{"a":}',
    '{a:1}',
    "{'a':1}",
    '{"a":01}',
    '{"a":+1}',
    '{"a":1.5}',
    '{"a":1e3}',
    '{"a":-0}',
    '{"a":9007199254740992}',
    '{"a":NaN}',
    '{"a":tru}',
    '{"a":"\\x"}',
    '{"a":"\\u12"}',
    '{"a":"\n"}',
    '{"a":"\\u0000"}',
    '{"a":"\\ud800"}',
    '{"a":1}{}',
    '{"a":1}x',
    '{"a":1}\0',
    '{"a":1 /* c */}',
    '\ufeff{"a":1}',
    '{"a":1',
    '{"a":[1}',
    deep(9),
    deep(100_000),
  ])
    assert.equal(parse(text).ok, false, text.slice(0, 40))
  assert.equal(parseStrictJson(Buffer.from('{"a":"\xff"}', 'latin1')).ok, false)
})

test('whatever is read means the same to JSON.parse; nothing makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      for (const each of [text, `{"a":${text}}`, `{${text}:1}`]) {
        const read = parse(each)
        if (read.ok) assert.deepEqual(plain(read.value), JSON.parse(Buffer.from(each).toString()))
      }
    }),
  )
  const key = fc.stringMatching(/^[a-z]{1,4}$/)
  const tree = fc.dictionary(key, fc.oneof(fc.integer(), fc.boolean(), fc.array(fc.integer()), key))
  fc.assert(
    fc.property(tree, (value) => {
      const read = parse(JSON.stringify(value))
      assert.ok(read.ok)
      assert.deepEqual(plain(read.value), { ...value })
    }),
  )
})

test('a long text, plain or all escapes', () => {
  for (const text of ['x'.repeat(1 << 20), '\n'.repeat(1 << 19), '"\\'.repeat(1 << 18)]) {
    const read = parse(JSON.stringify({ text }))
    assert.ok(read.ok)
    assert.equal(read.value.get('text'), text)
  }
})
