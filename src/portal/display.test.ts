import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyText } from '../../test/support/any-text.ts'
import { stretches, visible } from './display.ts'

const odd = (text: string): string[] =>
  stretches(text)
    .filter((part) => part.odd !== null)
    .map((part) => part.text)

test('plain names stay as they are', () => {
  for (const name of ['blue key', 'Straße 7', '鍵', 'ключ', 'κλειδί', 'a/b_c-d.e', 'मेरी चाबी', '']) {
    assert.deepEqual(odd(name), [], name)
    assert.equal(visible(name), name)
  }
})

test('characters that hide or reorder are spelled out', () => {
  assert.equal(visible('a\u202egnp.exe'), 'a[U+202E]gnp.exe')
  assert.equal(visible('a\u0000\u001b[31m\u007f\u0085'), 'a[U+0000][U+001B][31m[U+007F][U+0085]')
  assert.deepEqual(odd('\u2066x\u2069\u200b\u2060\ufeff\u00ad\u2028\u3164\u{e0041}'), [
    'U+2066',
    'U+2069',
    'U+200B',
    'U+2060',
    'U+FEFF',
    'U+00AD',
    'U+2028',
    'U+3164',
    'U+E0041',
  ])
  assert.equal(visible('\ud800'), '[U+D800]')
})

test('letters of another alphabet inside a Latin word are marked', () => {
  assert.deepEqual(odd('p\u0430ypal'), ['\u0430'])
  assert.deepEqual(odd('\u0410lice \u0438 \u0411\u043e\u0431'), ['\u0410'])
})

test('whatever the text, nothing of it is lost and nothing invisible is left', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const joined = stretches(text)
        .map((part) =>
          part.text.replace(/^U\+([0-9A-F]{4,6})$/, (_, hex: string) =>
            part.odd === null ? `U+${hex}` : String.fromCodePoint(Number.parseInt(hex, 16)),
          ),
        )
        .join('')
      assert.equal(joined, text)
      assert.doesNotMatch(
        visible(text),
        /[\p{Cc}\p{Default_Ignorable_Code_Point}\u202a-\u202e\u2066-\u2069]/u,
      )
    }),
  )
})
