import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sameNetwork } from './same-network.ts'

for (const [a, b, same] of [
  ['192.0.2.1', '192.0.2.254', true],
  ['192.0.2.1', '192.0.3.1', false],
  ['::ffff:192.0.2.1', '192.0.2.9', true],
  ['::FFFF:c000:0201', '192.0.2.9', true],
  ['::ffff:192.0.2.1', '192.0.3.9', false],
  ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['2001:DB8::1', '2001:db8:0:0:0:0:0:9', true],
  ['fe80::1%eth0', 'fe80::2', true],
  ['::1', '127.0.0.1', true],
  ['::1', '::ffff:127.0.0.5', true],
  ['127.0.0.1', '127.0.0.200', true],
  ['::1', '::2', false],
  ['::1', '10.0.0.1', false],
  ['::192.0.2.1', '192.0.2.1', false],
  ['', '', false],
  ['unknown', 'unknown', false],
  ['192.0.2.256', '192.0.2.256', false],
  ['192.0.02.1', '192.0.02.1', false],
  ['192.0.2', '192.0.2', false],
  ['1::2::3', '1::2::3', false],
  ['1:2:3:4:5:6:7', '1:2:3:4:5:6:7', false],
  ['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8:9', false],
  ['1.2.3.4::', '1.2.3.4::', false],
  ['12345::', '12345::', false],
] as const)
  test(`${a || 'nothing'} and ${b || 'nothing'}: ${same ? 'one network' : 'not one'}`, () => {
    assert.equal(sameNetwork(a, b), same)
    assert.equal(sameNetwork(b, a), same)
  })

test('any text: never throws', () => {
  fc.assert(
    fc.property(fc.string(), fc.ipV6(), (text, address) => {
      assert.equal(sameNetwork(text, address), sameNetwork(address, text))
      assert.equal(sameNetwork(address, address), true)
    }),
  )
})
