import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readClientData } from './client-data.ts'

const ORIGIN = 'https://id.git.example.com'
const good = { type: 'webauthn.get', challenge: 'AAAA', origin: ORIGIN, crossOrigin: false }
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const read = (encoded: unknown): string | undefined =>
  readClientData(encoded, 'webauthn.get', ORIGIN)?.challenge

test('client data of this site, with or without crossOrigin, and with members to come', () => {
  assert.equal(read(encode(good)), 'AAAA')
  const { crossOrigin, ...older } = good
  assert.equal(crossOrigin, false)
  assert.equal(read(encode(older)), 'AAAA')
  assert.equal(read(encode({ ...good, other_keys_can_be_added_here: 'do not compare' })), 'AAAA')
})

test('refused: anything else', () => {
  const bad: readonly [string, unknown][] = [
    ['another ceremony', encode({ ...good, type: 'webauthn.create' })],
    ['a payment', encode({ ...good, type: 'payment.get' })],
    ['the forge', encode({ ...good, origin: 'https://git.example.com' })],
    ['another scheme', encode({ ...good, origin: 'http://id.git.example.com' })],
    ['another port', encode({ ...good, origin: `${ORIGIN}:8443` })],
    ['a longer origin', encode({ ...good, origin: `${ORIGIN}.evil.example` })],
    ['an origin in another case', encode({ ...good, origin: 'https://ID.git.example.com' })],
    ['a cross-origin frame', encode({ ...good, crossOrigin: true })],
    ['a frame that says it in other words', encode({ ...good, crossOrigin: 'false' })],
    ['a top origin', encode({ ...good, topOrigin: ORIGIN })],
    ['no challenge', encode({ type: good.type, origin: good.origin })],
    ['a challenge that is no text', encode({ ...good, challenge: ['AAAA'] })],
    ['null', encode(null)],
    ['an array', encode([good])],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['a byte order mark', Buffer.from(`\uFEFF${JSON.stringify(good)}`).toString('base64url')],
    ['two documents', Buffer.from(JSON.stringify(good).repeat(2)).toString('base64url')],
    ['padded base64', `${encode({ ...good, challenge: 'AAAAA' })}==`],
    ['an endless one', encode({ ...good, more: 'x'.repeat(8192) })],
    ['no text', 7],
    ['nothing', undefined],
  ]
  for (const [name, encoded] of bad) assert.equal(read(encoded), undefined, name)
})

test('never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        fc.json().map((text) => Buffer.from(text).toString('base64url')),
      ),
      (any) => {
        assert.equal(read(any), undefined)
      },
    ),
  )
})
