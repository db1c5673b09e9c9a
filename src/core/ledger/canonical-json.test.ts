import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson, type Json, NotCanonical, parseCanonicalJson } from './canonical-json.ts'

test('RFC 8785 section 3.2.2: its own example', () => {
  const value = JSON.parse(
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  ) as Json
  assert.equal(
    canonicalJson(value),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
})

test('RFC 8785 section 3.2.3: members are sorted by UTF-16 code units', () => {
  const value = { '€': 1, '\r': 2, '\u{1f600}': 3, '\ufb33': 4, '1': 5, '\u0080': 6, ö: 7 }
  assert.equal(canonicalJson(value), '{"\\r":2,"1":5,"\u0080":6,"ö":7,"€":1,"\u{1f600}":3,"\ufb33":4}')
})

test('RFC 8785 appendix B: numbers', () => {
  const vectors: readonly [number, string][] = [
    [-0, '0'],
    [Number.MIN_VALUE, '5e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [9007199254740992, '9007199254740992'],
    [295147905179352830000, '295147905179352830000'],
    [999999999999999900000, '999999999999999900000'],
    [1e21, '1e+21'],
    [9.999999999999997e22, '9.999999999999997e+22'],
    [0.000001, '0.000001'],
    [333333333.3333332, '333333333.3333332'],
  ]
  for (const [number, text] of vectors) assert.equal(canonicalJson(number), text)
})

test('a value has one text: whatever parses is written back the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      let text: string
      try {
        text = canonicalJson(value as Json)
      } catch (error) {
        assert.ok(error instanceof NotCanonical)
        return
      }
      const parsed = parseCanonicalJson(text)
      assert.deepEqual(parsed, JSON.parse(text))
      assert.equal(canonicalJson(parsed!), text)
    }),
  )
})

test('parsing never throws', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
      (text) => {
        const parsed = parseCanonicalJson(text)
        if (parsed !== undefined) assert.equal(canonicalJson(parsed), text)
      },
    ),
  )
})

for (const [name, value] of [
  ['NaN', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['undefined', undefined],
  ['undefined in an array', [undefined]],
  ['undefined as a member', { a: undefined }],
  ['a bigint', 1n],
  ['a function', () => 1],
  ['a lone surrogate', '\ud800'],
  ['a lone surrogate as a name', { '\udc00': 1 }],
] as const)
  test(`no canonical form: ${name}`, () =>
    assert.throws(() => canonicalJson(value as unknown as Json), NotCanonical))

for (const [name, text] of [
  ['white space', '{"a": 1}'],
  ['members out of order', '{"b":1,"a":2}'],
  ['a member twice', '{"a":1,"a":1}'],
  ['a number written otherwise', '1.0'],
  ['minus zero', '-0'],
  ['an escape that is not needed', '"\\u0041"'],
  ['an upper-case escape', '"\\u000F"'],
  ['a lone surrogate', '"\\ud800"'],
  ['something behind it', '{}{}'],
  ['nothing', ''],
  ['a byte order mark', '\ufeff{}'],
] as const)
  test(`not canonical: ${name}`, () => assert.equal(parseCanonicalJson(text), undefined))
