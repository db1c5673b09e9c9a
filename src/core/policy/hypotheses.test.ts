import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ask, key, NOW, page, passkey, push, session } from '../../../test/support/policy-bed.ts'
import { accountId, type Device, deviceId } from '../identity.ts'
import { hypotheses } from './hypotheses.ts'

const HOUR = 3_600_000
const device = (id: string, change: Partial<Device> = {}): Device => ({ ...key, id: deviceId(id), ...change })
const looks = (devices: readonly Device[]): string[] =>
  hypotheses(ask(push, session), devices, NOW).map(
    ({ device: { id }, proof }) => `${id} ${proof.uv ? 'pin' : 'touch'}`,
  )

describe('proofs that could be given', () => {
  test('a touch before a PIN, own keys before one to come', () => {
    assert.deepEqual(looks([key]), ['k touch', 'k pin', 'not-yet-enrolled touch', 'not-yet-enrolled pin'])
  })
  test('for a push by certificate, bound to it, with nothing shown, by the device itself', () => {
    for (const {
      device: { id },
      proof,
    } of hypotheses(ask(push, session), [key], NOW)) {
      const { uv, ...rest } = proof
      assert.equal(typeof uv, 'boolean')
      assert.deepEqual(rest, {
        method: 'ssh-certificate',
        device: id,
        up: true,
        ageSeconds: 0,
        bound: 'action',
        shown: 'none',
        batch: false,
      })
    }
  })
  test('not by a passkey, a key that is not active, or another account’s', () => {
    const none = looks([])
    assert.deepEqual(
      looks([
        passkey,
        device('s', { state: 'suspended' }),
        device('r', { state: 'revoked' }),
        device('b', { account: accountId('bob') }),
      ]),
      none,
    )
    assert.deepEqual(none, ['not-yet-enrolled touch', 'not-yet-enrolled pin'])
  })
  test('keys that policy cannot tell apart are one', () => {
    const many = Array.from({ length: 500 }, (_, i) => device(`k${i}`))
    assert.equal(looks(many).length, 4)
    assert.equal(looks([...many, device('older', { createdAt: key.createdAt - HOUR })]).length, 6)
  })
  test('none for a read, whose session is proof enough', () => {
    assert.deepEqual(hypotheses(ask(page, session), [key, passkey], NOW), [])
  })
})
