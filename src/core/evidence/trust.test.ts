import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { golden } from '../../../test/support/relog.ts'
import { parseTrust, writeTrust } from './trust.ts'

const { trust } = golden()
const text = writeTrust(trust)

test('write then parse', () => {
  assert.deepEqual(parseTrust(text), { ok: true, value: trust })
})

test('never throws', () => {
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (file) => typeof parseTrust(file).ok === 'boolean'))
})

const file = { 'countersign-trust': 1, ...trust }
for (const [name, value] of [
  ['null', null],
  ['a list', []],
  ['a later version', { ...file, 'countersign-trust': 2 }],
  ['no ledger', { ...file, ledger: [] }],
  ['a ledger that is text', { ...file, ledger: trust.ledger[0] }],
  ['a key that is none', { ...file, ledger: ['x'] }],
  ['no portal', { ...file, portal: [] }],
  ['a portal that is a number', { ...file, portal: [1] }],
  ['no RP ID', { ...file, rpId: [] }],
  ['an unknown member', { ...file, insecure: true }],
  ['a missing member', { 'countersign-trust': 1, ledger: trust.ledger, portal: trust.portal }],
] as const)
  test(`refused: ${name}`, () => assert.equal(parseTrust(JSON.stringify(value)).ok, false))
test('refused: no JSON', () => assert.equal(parseTrust('{').ok, false))
