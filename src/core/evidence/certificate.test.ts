import { describe, test } from 'node:test'
import { intent, type Lie, of, refused, resign } from '../../../test/support/relog.ts'

describe('a push that the ledger tells otherwise than the signature', () => {
  const lies: readonly Lie[] = [
    // The push.
    ['no statement', (e) => (intent(e).statement = null), /no evidence of intent/],
    ['a statement of another kind', (e) => (intent(e).statement.kind = 'x'), /statement cannot be read/],
    [
      'a changed line in the certificate',
      (e) => {
        const { statement } = intent(e)
        const said = Buffer.from(statement.text, 'base64').toString('latin1')
        statement.text = Buffer.from(said.replace('refs/heads/main', 'refs/heads/moon'), 'latin1').toString(
          'base64',
        )
      },
      /signature over the push certificate does not hold/,
    ],
    [
      'another ref in the updates',
      (e) => (intent(e).updates[0].ref = 'refs/heads/other'),
      /not the updates recorded/,
    ],
    [
      'another commit in the updates',
      (e) => (intent(e).updates[0].after = '1'.repeat(40)),
      /not the updates recorded/,
    ],
    ['one update fewer', (e) => intent(e).updates.pop(), /not the updates recorded/],
    ['updates in another order', (e) => intent(e).updates.reverse(), /not the updates recorded/],
    ['another repository', (e) => (intent(e).repo.name = 'other'), /another address/],
    ['the wiki', (e) => (intent(e).repo.part = 'wiki'), /another address/],
    ['another forge', (e) => (of(e, 'gateway.start').says.forge = 'http://127.0.0.1:1'), /another address/],
    ['a signature without a touch', (e) => resign(e, 0), /proof recorded is not the one in the signature/],
    [
      'a PIN on record, none in the signature',
      (e) => {
        resign(e, 1)
        intent(e).proof.uv = true
      },
      /proof recorded/,
    ],
    ['a signature of another namespace', (e) => resign(e, 5, { namespace: 'file' }), /does not hold/],
    [
      'a certificate that is none',
      (e) => resign(e, 5, { namespace: 'git', statement: () => 'hello\n' }),
      /certificate cannot be read/,
    ],
    ['a proof by another device', (e) => (intent(e).proof.device = 'x'), /proof recorded/],
    ['a proof that is bound to the session', (e) => (intent(e).proof.bound = 'session'), /proof recorded/],
    ['a device of another key', (e) => (intent(e).device.publicKey = 'AAAA'), /another key than the device/],
    [
      'a device of another fingerprint',
      (e) => (intent(e).device.credential = 'SHA256:x'),
      /another fingerprint/,
    ],
    ['an intent long after the nonce', (e) => (of(e, 'intent').time += 2 * 3_600_000), /nonce/],
    ['an intent before the nonce', (e) => (of(e, 'intent').time -= 600_000), /nonce/],
  ]
  for (const [name, lie, expected] of lies) test(name, () => refused(lie, expected))
})
