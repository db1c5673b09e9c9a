import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkRequest } from './check-request.ts'

const ORIGIN = 'https://id.git.example.com'
const FORM = 'application/x-www-form-urlencoded'

function reason(method: string, headers: Record<string, string>, path = '/devices'): string | undefined {
  const init = method === 'POST' ? { method, headers, body: 'a=b' } : { method, headers }
  return checkRequest(new Request(ORIGIN + path, init), ORIGIN)?.reason
}

test('a change from our own page passes, with and without fetch metadata', () => {
  assert.equal(reason('POST', { origin: ORIGIN, 'content-type': FORM }), undefined)
  assert.equal(
    reason('POST', { origin: ORIGIN, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }),
    undefined,
  )
  assert.equal(
    reason('POST', { origin: ORIGIN, 'content-type': 'application/json; charset=utf-8' }),
    undefined,
  )
})

test('a change from anywhere else is refused', () => {
  const type = { 'content-type': FORM }
  assert.equal(reason('POST', type), 'cross-site')
  for (const origin of [
    'null',
    'https://git.example.com',
    'http://id.git.example.com',
    `${ORIGIN}:8443`,
    `${ORIGIN}.evil.example`,
    `${ORIGIN}/`,
    ORIGIN.toUpperCase(),
  ]) {
    assert.equal(reason('POST', { ...type, origin }), 'cross-site', origin)
  }
  for (const site of ['cross-site', 'same-site', 'none', '']) {
    assert.equal(reason('POST', { ...type, origin: ORIGIN, 'sec-fetch-site': site }), 'cross-site', site)
  }
})

test('a change is a form or JSON, without a query', () => {
  for (const type of [
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/json, text/plain',
    'application/json;charset=latin1',
    'text/application/json',
    '',
  ]) {
    assert.equal(reason('POST', { origin: ORIGIN, 'content-type': type }), 'bad-request', type)
  }
  assert.equal(reason('POST', { origin: ORIGIN, 'content-type': FORM }, '/devices?name=x'), 'bad-request')
})

test('other methods are refused', () => {
  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    assert.equal(reason(method, { origin: ORIGIN }), 'unknown-action')
})

test('another site may send a person here, but not load our answers', () => {
  assert.equal(reason('GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }), undefined)
  assert.equal(reason('GET', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }), 'cross-site')
  assert.equal(reason('GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }), 'cross-site')
  assert.equal(reason('GET', {}), undefined)
})
