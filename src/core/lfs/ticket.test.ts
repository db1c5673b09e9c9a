import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { checkTicket, type LfsTicket, mintTicket } from './ticket.ts'

const KEY = Buffer.alloc(32, 1)
const NOW = 1_700_000_000_000
const TICKET: LfsTicket = {
  account: 'acc_1-x',
  credential: 'A'.repeat(43),
  repo: 7,
  operation: 'upload',
  oid: 'ab'.repeat(32),
  size: 12,
  expiresAt: NOW + 60_000,
}
const verdict = (text: string, now = NOW, key = KEY): string => {
  const checked = checkTicket(key, text, now)
  return checked.ok ? 'good' : checked.error
}

describe('a ticket for one object', () => {
  test('says again what it was made for', () => {
    const checked = checkTicket(KEY, mintTicket(KEY, TICKET), NOW)
    assert.ok(checked.ok)
    assert.deepEqual(checked.value, TICKET)
  })
  test('is over at its second, and not before', () => {
    const text = mintTicket(KEY, TICKET)
    assert.equal(verdict(text, TICKET.expiresAt - 1), 'good')
    assert.equal(verdict(text, TICKET.expiresAt), 'expired')
  })
  test('of another key is foreign', () => {
    assert.equal(verdict(mintTicket(Buffer.alloc(32, 2), TICKET)), 'foreign')
  })
  test('no byte changes unnoticed', () => {
    const text = mintTicket(KEY, TICKET)
    for (let at = 0; at < text.length; at++)
      for (const byte of ['0', 'x', '.', '-'])
        if (text[at] !== byte) assert.notEqual(verdict(text.slice(0, at) + byte + text.slice(at + 1)), 'good')
  })
  test('a field moved over a dot is another ticket', () => {
    const text = mintTicket(KEY, TICKET)
    assert.equal(verdict(text.replace('.7.12.', '.71.2.')), 'foreign')
    assert.equal(verdict(text.replace('upload', 'verify')), 'foreign')
  })
  test('never throws, and nothing made up is good', () => {
    fc.assert(fc.property(fc.string(), (text) => verdict(text) === 'malformed'))
    fc.assert(fc.property(fc.string(), (tail) => verdict(`${mintTicket(KEY, TICKET)}${tail}x`) !== 'good'))
  })
  test('is not made of what could not be read', () => {
    for (const wrong of [{ account: 'a.b' }, { oid: 'x' }, { size: -1 }, { repo: 1.5 }])
      assert.throws(() => mintTicket(KEY, { ...TICKET, ...wrong }))
  })
})
