import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCode, readCode } from './code.ts'

test('codes are easy to read, and read as they were made', () => {
  const seen = new Set(Array.from({ length: 500 }, newCode))
  assert.equal(seen.size, 500)
  for (const code of seen) {
    assert.match(code, /^[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}$/)
    assert.equal(readCode(code), code)
  }
})

test('typed in any case, with or without the dash', () => {
  for (const typed of ['7fqk2mpa', ' 7FQK 2MPA\n', '7fqk-2mpa', '7FQK2MPA'])
    assert.equal(readCode(typed), '7FQK-2MPA', typed)
})

test('anything else is no code', () => {
  for (const typed of ['', '7FQK-2MP', '7FQK-2MPAA', '7FQK-2MP0', '7FQK-2MPI', 'ſFQK-2MPA', '7'.repeat(1000)])
    assert.equal(readCode(typed), undefined, typed.slice(0, 20))
})
