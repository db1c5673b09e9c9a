import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceName } from './device-name.ts'

test('a name is one trimmed line of at most 60 characters', () => {
  assert.deepEqual(deviceName('  blue key '), { ok: true, value: 'blue key' })
  assert.deepEqual(deviceName('é'), { ok: true, value: 'é' })
  assert.ok(deviceName('🔑'.repeat(60)).ok)
  for (const text of ['', '   ', 'a\nb', 'a\u0000', '\ud800', 'a'.repeat(61)]) {
    const result = deviceName(text)
    assert.equal(result.ok ? '' : result.error.reason, 'bad-request', JSON.stringify(text))
  }
})
