import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHALLENGE_LIFE, challenges } from './challenges.ts'

test('a challenge is spent by its first answer, right or wrong', () => {
  const open = challenges<string>()
  open.open('c', 'mine', 0, 'data')
  assert.equal(open.take('c', 'mine', 1), 'data')
  assert.equal(open.take('c', 'mine', 1), undefined)
  open.open('d', 'mine', 0, 'data')
  assert.equal(open.take('d', 'another browser', 1), undefined)
  assert.equal(open.take('d', 'mine', 1), undefined)
  assert.equal(open.take('never opened', 'mine', 1), undefined)
})

test('it ends on the millisecond', () => {
  const open = challenges<string>()
  open.open('a', 'mine', 1000, 'data')
  open.open('b', 'mine', 1000, 'data')
  assert.equal(open.take('a', 'mine', 1000 + CHALLENGE_LIFE - 1), 'data')
  assert.equal(open.take('b', 'mine', 1000 + CHALLENGE_LIFE), undefined)
})

test('one purpose is no answer for another', () => {
  const [signIns, approvals] = [challenges<string>(), challenges<string>()]
  approvals.open('c', 'mine', 0, 'data')
  assert.equal(signIns.take('c', 'mine', 1), undefined)
  assert.equal(approvals.take('c', 'mine', 1), 'data')
})

test('of too many, the oldest is forgotten first, and one that is opened anew is the newest', () => {
  const open = challenges<number>()
  for (let i = 0; i < 10_000; i++) open.open(`c${i}`, 'mine', 0, i)
  open.open('c0', 'mine', 0, -1)
  open.open('one more', 'mine', 0, 1)
  assert.equal(open.take('c1', 'mine', 1), undefined)
  assert.equal(open.take('c2', 'mine', 1), 2)
  assert.equal(open.take('c0', 'mine', 1), -1)
  assert.equal(open.take('one more', 'mine', 1), 1)
})
