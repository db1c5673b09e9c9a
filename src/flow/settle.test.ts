import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LATE_MS, mayStillCome } from './settle.ts'

const intent = { exclusive: 1, created_at: 1000 }
const left = [{ ref: 'refs/heads/main', status: 'ng' }] as const

test('a page’s change that has not happened yet is waited for, so long as the forge may be at it', () => {
  assert.equal(mayStillCome(intent, left, 1000 + LATE_MS - 1), true)
  assert.equal(mayStillCome(intent, left, 1000 + LATE_MS), false)
})

test('not one that happened, nor a push', () => {
  assert.equal(mayStillCome(intent, [{ ref: 'refs/heads/main', status: 'ok' }], 1000), false)
  assert.equal(mayStillCome(intent, [{ ref: 'refs/heads/main', status: 'mismatch' }], 1000), false)
  assert.equal(mayStillCome({ ...intent, exclusive: 0 }, left, 1000), false)
})
