import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type RateLimit, rateLimit } from './rate-limit.ts'

const spent = (limit: RateLimit, key: string, now: number): number => {
  let failures = 0
  while (limit.mayTry(key, now) && failures < 100) {
    limit.failed(key, now)
    failures++
  }
  return failures
}

test('only failures count; a burst at once, then one for each refill', () => {
  const limit = rateLimit({ burst: 3, refillMs: 1000 })
  for (let i = 0; i < 50; i++) assert.ok(limit.mayTry('a', 0))
  assert.equal(spent(limit, 'a', 0), 3)
  assert.ok(!limit.mayTry('a', 999))
  assert.equal(spent(limit, 'a', 1000), 1)
  assert.equal(spent(limit, 'a', 3500), 2)
  assert.equal(spent(limit, 'a', 1_000_000), 3, 'never more than the burst')
  assert.equal(spent(limit, 'b', 0), 3, 'others are not concerned')
})

test('failing on while out of tokens does not make it longer', () => {
  const limit = rateLimit({ burst: 1, refillMs: 1000 })
  for (let i = 0; i < 20; i++) limit.failed('a', 0)
  assert.ok(limit.mayTry('a', 1000))
})

test('a clock that is set back neither refills nor shuts out', () => {
  const limit = rateLimit({ burst: 2, refillMs: 1000 })
  limit.failed('a', 1_000_000)
  assert.ok(limit.mayTry('a', 0))
  limit.failed('a', 0)
  assert.ok(!limit.mayTry('a', 0))
  assert.ok(limit.mayTry('a', 1000))
})

test('of too many keys the one that failed longest ago is forgotten', () => {
  const limit = rateLimit({ burst: 1, refillMs: 1e9 })
  for (let i = 0; i < 100_000; i++) limit.failed(`k${i}`, 0)
  limit.failed('k0', 0)
  limit.failed('one more', 0)
  assert.ok(limit.mayTry('k1', 0), 'forgotten')
  assert.ok(!limit.mayTry('k0', 0))
  assert.ok(!limit.mayTry('k2', 0))
  assert.ok(!limit.mayTry('one more', 0))
})

test('an IPv6 network of 64 bits is one caller, in any spelling; IPv4 is itself in both clothes', () => {
  const same = (one: string, two: string): boolean => {
    const limit = rateLimit({ burst: 1, refillMs: 1e9 })
    limit.failed(`git ${one}`, 0)
    return !limit.mayTry(`git ${two}`, 0)
  }
  assert.ok(same('2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'))
  assert.ok(same('2001:DB8:1:2::', '2001:db8:1:2::9'))
  assert.ok(same('2001:db8::1', '2001:db8:0:0::2'))
  assert.ok(same('::1', '0:0:0:0:0:0:0:1'))
  assert.ok(same('fe80::1%eth0', 'fe80::2%eth1'))
  assert.ok(same('::ffff:192.0.2.7', '192.0.2.7'))
  assert.ok(!same('2001:db8:1:2::1', '2001:db8:1:3::1'))
  assert.ok(!same('::ffff:192.0.2.7', '::ffff:192.0.2.8'))
  assert.ok(!same('192.0.2.7', '192.0.2.8'))
})

test('a word before the address keeps purposes apart; any text is a key', () => {
  const limit = rateLimit({ burst: 1, refillMs: 1000 })
  limit.failed('link 2001:db8::1', 0)
  assert.ok(limit.mayTry('git 2001:db8::1', 0))
  fc.assert(
    fc.property(fc.string(), (key) => {
      limit.failed(key, 0)
      assert.ok(!limit.mayTry(key, 0))
    }),
  )
})
