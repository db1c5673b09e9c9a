import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeField, encodeField } from './percent.ts'

test('known spellings', () => {
  for (const [value, text] of [
    ['', ''],
    ['refs/heads/main', 'refs/heads/main'],
    ['100%', '100%25'],
    ['a b', 'a%20b'],
    ['größe', 'gr%C3%B6%C3%9Fe'],
    ['line\nbreak', 'line%0Abreak'],
    ['\u202e', '%E2%80%AE'],
    ['!~', '!~'],
  ] as const) {
    assert.equal(encodeField(value), text)
    assert.equal(decodeField(text)?.toString(), value)
  }
  assert.equal(encodeField(Buffer.from([0, 0x7f, 0xff])), '%00%7F%FF')
})

test('any bytes there and back; one spelling, all of it printable ASCII', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = encodeField(bytes)
      assert.match(text, /^[\x21-\x7e]*$/)
      assert.ok(decodeField(text)?.equals(bytes))
    }),
  )
})

test('never throws, and accepts only what it would write', () => {
  const near = fc
    .array(fc.constantFrom('%', 'a', 'F', 'f', '2', '5', ' ', '0', '~'))
    .map((all) => all.join(''))
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
        near,
      ),
      (text) => {
        const bytes = decodeField(text)
        if (bytes) assert.equal(encodeField(bytes), text)
      },
    ),
  )
})

for (const [name, text] of [
  ['lower-case hex', '%2f%c3'],
  ['a byte that stands for itself', '%41'],
  ['a lone percent sign', '100%'],
  ['a short pair', '%2'],
  ['a space', 'a b'],
  ['a byte outside ASCII', 'ö'],
  ['a newline', 'a\n'],
] as const)
  test(`refused: ${name}`, () => assert.equal(decodeField(text), undefined))
