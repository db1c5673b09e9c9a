import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isTokenText, newToken } from './token-text.ts'

test('a fresh token is spelled as one, and no two are alike', () => {
  const tokens = Array.from({ length: 200 }, newToken)
  assert.equal(new Set(tokens).size, tokens.length)
  for (const token of tokens) {
    assert.match(token, /^cst_[0-9A-Za-z]{46}$/)
    assert.ok(isTokenText(token))
  }
})

test('every character of the alphabet comes up', () => {
  const seen = new Set(Array.from({ length: 200 }, newToken).flatMap((token) => [...token.slice(4, 44)]))
  assert.equal(seen.size, 62)
})

test('the vector of docs/formats/token.md', () => {
  assert.ok(isTokenText('cst_0000000000000000000000000000000000000000CHECKS'.replace('CHECKS', VECTOR)))
  for (const other of ['0', '000000', `${VECTOR}0`, VECTOR.toUpperCase()])
    if (other !== VECTOR) assert.equal(isTokenText(`cst_${'0'.repeat(40)}${other}`), false)
})
const VECTOR = '3AbKJ6'

test('no character is changed unnoticed', () => {
  const token = newToken()
  for (let at = 0; at < token.length; at++)
    for (const other of ['0', 'z', '_', ' ', 'é']) {
      if (token[at] === other) continue
      assert.equal(isTokenText(token.slice(0, at) + other + token.slice(at + 1)), false, `${at} ${other}`)
    }
  for (const text of [
    '',
    'cst_',
    ` ${token}`,
    `${token}\n`,
    token.slice(0, -1),
    token.replace('cst_', 'csp_'),
  ])
    assert.equal(isTokenText(text), false, JSON.stringify(text))
})

test('no text makes it throw, and hardly one passes', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => !isTokenText(text)))
})
