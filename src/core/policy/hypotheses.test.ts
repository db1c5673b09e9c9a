import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ask, key, NOW, page, passkey, push, session, touched } from '../../../test/support/policy-bed.ts'
import { accountId, type Device, deviceId } from '../identity.ts'
import { hypotheses } from './hypotheses.ts'

const HOUR = 3_600_000
const device = (id: string, change: Partial<Device> = {}): Device => ({ ...key, id: deviceId(id), ...change })
const looks = (devices: readonly Device[]): string[] =>
  hypotheses(ask(push, session), devices, NOW).map(
    ({ device: { id }, proof: { method, uv, shown } }) =>
      `${id} by ${method === 'webauthn' ? 'approval' : 'certificate'}, ${uv ? 'pin' : 'touch'}, ${shown}`,
  )

const CERTIFICATE = ['touch', 'pin'].map((uv) => `by certificate, ${uv}, none`)
const APPROVAL = ['refs', 'commits', 'diff'].flatMap((shown) =>
  ['touch', 'pin'].map((uv) => `by approval, ${uv}, ${shown}`),
)

describe('proofs that could be given', () => {
  test('a certificate before an approval, a touch before a PIN, little shown before much, own keys before one to come', () => {
    assert.deepEqual(looks([key]), [
      ...CERTIFICATE.map((how) => `k ${how}`),
      ...[...CERTIFICATE, ...APPROVAL].map((how) => `not-yet-enrolled ${how}`),
    ])
    assert.deepEqual(looks([passkey, key]).slice(0, 8), [
      ...CERTIFICATE.map((how) => `k ${how}`),
      ...APPROVAL.map((how) => `p ${how}`),
    ])
  })
  test('each is bound to the push, by the device itself', () => {
    for (const { device: by, proof } of hypotheses(ask(push, session), [key, passkey], NOW)) {
      const { uv: _, ...rest } = proof
      const certificate = by.kind === 'ssh-sk'
      assert.deepEqual(rest, {
        method: certificate ? 'ssh-certificate' : 'webauthn',
        device: by.id,
        up: true,
        ageSeconds: 0,
        bound: 'action',
        shown: certificate ? 'none' : proof.shown,
        batch: false,
      })
      assert.equal(proof.shown === 'none', certificate)
    }
  })
  test('not by a key that is not active, or another account’s', () => {
    const none = looks([])
    assert.deepEqual(
      looks([
        device('s', { state: 'suspended' }),
        device('r', { state: 'revoked' }),
        device('b', { account: accountId('bob') }),
      ]),
      none,
    )
    assert.equal(none.length, 8)
  })
  test('keys that policy cannot tell apart are one', () => {
    const many = Array.from({ length: 500 }, (_, i) => device(`k${i}`))
    assert.equal(looks(many).length, 10)
    assert.equal(looks([...many, device('older', { createdAt: key.createdAt - HOUR })]).length, 12)
  })
  test('one’s own keys alone, then with one, two, three other people, then a key to come', () => {
    const people = (more: object = {}, most = 3): number[] =>
      hypotheses({ ...ask(push, session), ...more }, [key], NOW, most)
        .filter(({ device: { id } }) => id === key.id)
        .map((one) => one.people)
    assert.deepEqual(people(), [0, 0, 1, 1, 2, 2, 3, 3])
    assert.deepEqual(people({}, 0), [0, 0])
    const all = hypotheses(ask(push, session), [key], NOW, 3).map(({ device: { id } }) => id)
    assert.ok(all.lastIndexOf(key.id) < all.indexOf(deviceId('not-yet-enrolled')))
    // Those who countersigned already count, and what was proven stays as it is.
    assert.deepEqual(people({ countersignatures: 2 }), [2, 2, 3, 3])
    const given = hypotheses({ ...ask(push, touched), countersignatures: 1 }, [key], NOW, 3).slice(0, 2)
    assert.deepEqual(
      given.map(({ proof, people: others }) => [proof, others]),
      [
        [touched, 2],
        [touched, 3],
      ],
    )
  })
  test('none for a read, whose session is proof enough', () => {
    assert.deepEqual(hypotheses(ask(page, session), [key, passkey], NOW), [])
  })
})
