import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../../test/support/any-text.ts'
import { parseForm, writeForm } from './form.ts'

const text = anyText.filter((value) => !value.includes('\0'))
const form = fc.array(
  fc.tuple(
    text.filter((name) => name !== ''),
    text,
  ),
  { maxLength: 8 },
)

test('write then parse', () => {
  fc.assert(
    fc.property(form, (pairs) => {
      const written = writeForm(pairs)
      assert.deepEqual(parseForm(written), { ok: true, value: pairs })
      assert.deepEqual(parseForm(Buffer.from(written)), { ok: true, value: pairs })
    }),
  )
})

test('what is parsed is what URLSearchParams reads', () => {
  const near = fc.array(
    fc.constantFrom('a', '=', '&', '+', '%41', '%C3%A9', '%0A', '%', '%FF', ';', ' ', '[]', 'é'),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        near.map((all) => all.join('')),
        fc.string(),
        fc.uint8Array(),
      ),
      (body) => {
        const parsed = parseForm(body)
        if (!parsed.ok) return
        const spelled = typeof body === 'string' ? body : Buffer.from(body).toString('latin1')
        assert.deepEqual(parsed.value, [...new URLSearchParams(spelled)])
      },
    ),
  )
})

test('known spellings', () => {
  for (const [spelled, pairs] of [
    ['', []],
    ['a=', [['a', '']]],
    ['a=b=c', [['a', 'b=c']]],
    [
      'a=1&a=2&A=3',
      [
        ['a', '1'],
        ['a', '2'],
        ['A', '3'],
      ],
    ],
    ['a=x+y%2bz%0D%0A', [['a', 'x y+z\r\n']]],
    [
      'ids[]=1&ids%5B%5D=2',
      [
        ['ids[]', '1'],
        ['ids[]', '2'],
      ],
    ],
    ['a=%EF%BB%BFx', [['a', '\ufeffx']]],
  ] as const)
    assert.deepEqual(parseForm(spelled), { ok: true, value: pairs })
  assert.equal(writeForm([['a b', 'é&=+\r\n~*']]), 'a+b=%C3%A9%26%3D%2B%0D%0A%7E*')
  assert.throws(() => writeForm([['a', '\ud800']]), RangeError)
})

for (const [name, spelled] of [
  ['a pair without =', 'a'],
  ['a pair without a name', '=x'],
  ['two &', 'a=1&&b=2'],
  ['a last &', 'a=1&'],
  ['a semicolon, which some take for &', 'a=1;b=2'],
  ['a lone %', 'a=100%'],
  ['half an escape', 'a=%4'],
  ['no hex', 'a=%zz'],
  ['a bare space', 'a=x y'],
  ['a bare newline', 'a=x\n'],
  ['a bare NUL', 'a=\0'],
  ['an escaped NUL', 'a=%00'],
  ['a NUL in a name', 'a%00b=1'],
  ['bytes that are not UTF-8', 'a=%FF%FE'],
  ['an overlong form of UTF-8', 'a=%C0%AF'],
  ['a surrogate in UTF-8', 'a=%ED%A0%80'],
  ['a byte outside ASCII', 'a=\xe9'],
  ['more pairs than any page has', Array(1001).fill('a=').join('&')],
] as const)
  test(`refused: ${name}`, () => assert.deepEqual(parseForm(spelled), { ok: false, error: 'malformed' }))
