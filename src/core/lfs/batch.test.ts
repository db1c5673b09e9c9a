import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseBatchAnswer, parseBatchRequest, writeBatchRequest } from './batch.ts'

const oid = 'ab'.repeat(32)
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const good = { operation: 'upload', transfers: ['lfs-standalone-file', 'basic'], objects: [{ oid, size: 3 }] }

describe('a batch request', () => {
  test('as git-lfs writes it, and written anew', () => {
    const sent = { ...good, ref: { name: 'refs/heads/main' }, hash_algo: 'sha256', more: 1 }
    const parsed = parseBatchRequest(bytes(sent))
    assert.ok(parsed.ok)
    assert.deepEqual(parsed.value, { operation: 'upload', objects: [{ oid, size: 3 }] })
    assert.deepEqual(JSON.parse(writeBatchRequest(parsed.value)), {
      operation: 'upload',
      transfers: ['basic'],
      objects: [{ oid, size: 3 }],
    })
  })
  for (const [name, value] of Object.entries({
    'no object': [],
    nothing: null,
    'another operation': { ...good, operation: 'steal' },
    'no operation': { objects: good.objects },
    'another transfer only': { ...good, transfers: ['ssh'] },
    'transfers that are no list': { ...good, transfers: 'basic' },
    'another hash': { ...good, hash_algo: 'sha512' },
    'no objects': { ...good, objects: [] },
    'objects that are no list': { ...good, objects: { 0: good.objects[0] } },
    'too many objects': { ...good, objects: Array.from({ length: 1001 }, () => good.objects[0]) },
    'an oid in upper case': { ...good, objects: [{ oid: oid.toUpperCase(), size: 3 }] },
    'a short oid': { ...good, objects: [{ oid: 'ab', size: 3 }] },
    'a path for an oid': { ...good, objects: [{ oid: `../${oid.slice(3)}`, size: 3 }] },
    'a size below nothing': { ...good, objects: [{ oid, size: -1 }] },
    'half a byte': { ...good, objects: [{ oid, size: 0.5 }] },
    'a size that no number holds': { ...good, objects: [{ oid, size: 2 ** 53 }] },
    'a size in words': { ...good, objects: [{ oid, size: '3' }] },
    'no size': { ...good, objects: [{ oid }] },
    'one object of two sizes': { ...good, objects: [...good.objects, { oid, size: 4 }] },
  }))
    test(`refused: ${name}`, () => assert.equal(parseBatchRequest(bytes(value)).ok, false))
  test('refused: what is no JSON, or not in UTF-8', () => {
    for (const text of [Buffer.from('{'), Buffer.from([0xff]), Buffer.from('')])
      assert.equal(parseBatchRequest(text).ok, false)
  })
  test('never throws', () => {
    fc.assert(fc.property(fc.json(), (text) => parseBatchRequest(Buffer.from(text)) !== undefined))
    fc.assert(fc.property(fc.uint8Array(), (body) => !parseBatchRequest(body).ok))
  })
})

describe('the answer of a forge', () => {
  const answer = (object: object, more: object = {}) =>
    parseBatchAnswer(bytes({ transfer: 'basic', objects: [object], ...more }))
  test('actions by name; addresses are not looked at', () => {
    const upload = { href: 'http://evil.example/', header: { Authorization: 'x' } }
    assert.deepEqual(answer({ oid, size: 3, actions: { upload, verify: {}, steal: {} } }), [
      { oid, size: 3, actions: ['upload', 'verify'], error: null },
    ])
    assert.deepEqual(answer({ oid, size: 3 }), [{ oid, size: 3, actions: [], error: null }])
  })
  test('an error of the object, or among its actions, leaves no action', () => {
    const error = { code: 404, message: 'Object does not exist' }
    const expected = [{ oid, size: 3, actions: [], error }]
    assert.deepEqual(answer({ oid, size: 3, error, actions: { download: {} } }), expected)
    assert.deepEqual(answer({ oid, size: 3, actions: { error, download: {} } }), expected)
  })
  test('an error without sense is a refusal all the same', () => {
    for (const error of [true, { code: 200 }, { code: '404', message: 4 }, { code: 7, message: '' }])
      assert.deepEqual(answer({ oid, size: 3, error }), [
        { oid, size: 3, actions: [], error: { code: 422, message: 'The forge refused this object.' } },
      ])
  })
  test('what is no answer', () => {
    assert.equal(answer({ oid: 'x', size: 3 }), undefined)
    assert.equal(answer({ oid, size: 3 }, { transfer: 'tus' }), undefined)
    assert.equal(parseBatchAnswer(Buffer.from('<html>')), undefined)
    assert.equal(parseBatchAnswer(bytes({ objects: null })), undefined)
  })
})
