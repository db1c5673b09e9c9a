import { describe, test } from 'node:test'
import { drop, intent, type Lie, of, refused } from '../../../test/support/relog.ts'

describe('a setting that the ledger contradicts', () => {
  const lies: readonly Lie[] = [
    // Standing and setting.
    [
      'an account bound to another user',
      (e) => (of(e, 'account.create').says.account.forgeId = 1),
      /bound to another user/,
    ],
    [
      'a device revoked before',
      (e, b) => {
        const { device } = intent(e)
        e.set(b.subject - 1, {
          type: 'device.state',
          time: 0,
          says: { device: { id: device.id }, state: 'revoked' },
        })
      },
      /revoked or suspended/,
    ],
    [
      'an account disabled before',
      (e, b) => {
        const { actor } = intent(e)
        e.set(b.subject - 1, {
          type: 'account.state',
          time: 0,
          says: { account: { id: actor.account }, state: 'disabled' },
        })
      },
      /was disabled/,
    ],
    ['no start of the gateway', (e) => drop(e, 'gateway.start'), /no entry says which portal/],
    [
      'a start after the push',
      (e, b) => {
        const start = of(e, 'gateway.start')
        drop(e, 'gateway.start')
        e.set(b.subject + 3, start)
      },
      /no entry says which portal/,
    ],
    ['an action that is not an object', (e) => (of(e, 'intent').says = {}), /statement cannot be read/],
  ]
  for (const [name, lie, expected] of lies) test(name, () => refused(lie, expected))
})
