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

test('whoever floods pushes out its own, whatever browsers it claims to be', () => {
  const open = challenges<string>()
  open.open('first', 'mine', 0, 'data', 'here')
  for (let i = 0; i < 11_000; i++) open.open(`a${i}`, `browser ${i}`, 0, 'junk', 'flood')
  open.open('later', 'mine', 0, 'data', 'there')
  for (let i = 0; i < 11_000; i++) open.open(`b${i}`, `browser ${i}`, 0, 'junk', 'flood')
  assert.equal(open.take('first', 'mine', 1), 'data')
  assert.equal(open.take('later', 'mine', 1), 'data')
  assert.equal(open.take('b10999', 'browser 10999', 1), 'junk')
  assert.equal(open.take('b0', 'browser 0', 1), undefined)
})

test('two floods share the room, and of equals the first to come loses its oldest', () => {
  const open = challenges<number>()
  for (let i = 0; i < 9_000; i++) open.open(`a${i}`, 'mine', 0, i, 'one')
  for (let i = 0; i < 9_000; i++) open.open(`b${i}`, 'mine', 0, i, 'two')
  assert.equal(open.take('a4000', 'mine', 1), undefined)
  assert.equal(open.take('a4001', 'mine', 1), 4001)
  assert.equal(open.take('b3998', 'mine', 1), undefined)
  assert.equal(open.take('b3999', 'mine', 1), 3999)
})

test('without a source, a browser pushes out its own', () => {
  const open = challenges<number>()
  open.open('c', 'mine', 0, 1)
  for (let i = 0; i < 10_001; i++) open.open(`d${i}`, 'another', 0, i)
  assert.equal(open.take('c', 'mine', 1), 1)
})

test('what is spent or too old makes room again', () => {
  const open = challenges<number>()
  for (let i = 0; i < 9_999; i++) open.open(`a${i}`, 'mine', 0, i, 'one')
  open.open('b', 'mine', 1, 1, 'two')
  assert.equal(open.take('a1', 'mine', 1), 1)
  open.open('c', 'mine', 1, 2, 'two')
  assert.equal(open.take('a0', 'mine', 1), 0)
  for (let i = 0; i < 10_000 - 2; i++) open.open(`d${i}`, 'mine', CHALLENGE_LIFE, i, 'three')
  assert.equal(open.take('b', 'mine', CHALLENGE_LIFE), 1)
  assert.equal(open.take('c', 'mine', CHALLENGE_LIFE), 2)
  assert.equal(open.take('d0', 'mine', CHALLENGE_LIFE), 0)
})
