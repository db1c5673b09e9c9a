import { describe, test } from 'node:test'
import { drop, intent, type Lie, of, PASSKEY, refused, resign, SSH_KEY } from '../../../test/support/relog.ts'

describe('a device whose admission the ledger tells otherwise than the signatures', () => {
  const lies: readonly Lie[] = [
    // The signing device.
    ['no enrolment', (e) => drop(e, 'device.enrol', SSH_KEY), /nothing shows how device/],
    [
      'an enrolment after the push',
      (e, b) => {
        const enrolment = of(e, 'device.enrol', SSH_KEY)
        drop(e, 'device.enrol', SSH_KEY)
        e.set(b.subject + 3, enrolment)
      },
      /nothing shows how device/,
    ],
    [
      'an enrolment of another key',
      (e) => (of(e, 'device.enrol', SSH_KEY).says.device.publicKey = 'AAAA'),
      /enrolled with another key/,
    ],
    [
      'an enrolment for another account',
      (e) => (of(e, 'device.enrol', SSH_KEY).says.account.id = 'x'),
      /for another account/,
    ],
    [
      'an enrolment for another forge user',
      (e) => (of(e, 'device.enrol', SSH_KEY).says.account.forgeId = 1),
      /for another account/,
    ],
    [
      'a key nobody held',
      (e) => delete of(e, 'device.enrol', SSH_KEY).says.evidence.keyProofSignature,
      /nothing shows that the key/,
    ],
    [
      'a key proof over another text',
      (e) => (of(e, 'device.enrol', SSH_KEY).says.evidence.keyProof += 'x'),
      /nothing shows that the key/,
    ],
    [
      'a device admitted by itself',
      (e) => {
        const { says } = of(e, 'device.enrol', SSH_KEY)
        says.enrolledBy = `device:${says.device.id}`
      },
      /nothing shows what admitted/,
    ],
    [
      'a device admitted by nothing',
      (e) => (of(e, 'device.enrol', SSH_KEY).says.enrolledBy = ''),
      /nothing shows what admitted/,
    ],
    // What admitted it.
    [
      'no statement',
      (e) => delete of(e, 'device.enrol', SSH_KEY).says.evidence.statement,
      /no statement admitted/,
    ],
    [
      'a statement of another action',
      (e) => {
        const { evidence } = of(e, 'device.enrol', SSH_KEY).says
        evidence.statement = evidence.statement.replace(
          /action [\s\S]*policy/,
          'action git-password.create\npolicy',
        )
      },
      /not a statement that does so/,
    ],
    [
      'a statement for another name',
      (e) => (of(e, 'device.enrol', SSH_KEY).says.device.name = 'x'),
      /admits another device/,
    ],
    [
      'a statement for a passkey',
      (e) => {
        const { evidence } = of(e, 'device.enrol', SSH_KEY).says
        evidence.statement = evidence.statement.replace('kind ssh-sk', 'kind webauthn')
      },
      /admits another device/,
    ],
    [
      'a statement for another key',
      (e) => {
        const { evidence } = of(e, 'device.enrol', SSH_KEY).says
        evidence.statement = evidence.statement.replace('credential SHA256:', 'credential SHA256:A')
      },
      /admits another key/,
    ],
    [
      'a statement by another account',
      (e) => {
        const { evidence } = of(e, 'device.enrol', SSH_KEY).says
        evidence.statement = evidence.statement.replace(/forge-id \d+/, 'forge-id 1')
      },
      /by another account/,
    ],
    [
      'a statement made before',
      (e) => (of(e, 'device.enrol', SSH_KEY).time += 86_400_000),
      /at another time/,
    ],
    ['a statement made after', (e) => (of(e, 'device.enrol', SSH_KEY).time -= 86_400_000), /at another time/],
    [
      'a statement of another portal',
      (e) => {
        const { evidence } = of(e, 'device.enrol', SSH_KEY).says
        evidence.statement = evidence.statement.replace(/origin .*/, 'origin http://evil.example')
      },
      /of another portal/,
    ],
    [
      'a statement of a portal that is no URL',
      (e) => {
        const { evidence } = of(e, 'device.enrol', SSH_KEY).says
        evidence.statement = evidence.statement.replace(/origin .*/, 'origin http://:::')
      },
      /of another portal/,
    ],
    [
      'a statement with another nonce',
      (e) => {
        const { evidence } = of(e, 'device.enrol', SSH_KEY).says
        evidence.statement = evidence.statement.replace(/nonce .*/, `nonce ${'A'.repeat(43)}`)
      },
      /wrong-site/,
    ],
    [
      'no raw signature',
      (e) => delete of(e, 'device.enrol', SSH_KEY).says.evidence.signature,
      /lacks the signature/,
    ],
    [
      'another raw signature',
      (e) => (of(e, 'device.enrol', SSH_KEY).says.evidence.signature = 'MAYCAQECAQE'),
      /bad-signature/,
    ],
    [
      'an SSH form of something else',
      (e) => (of(e, 'device.enrol', SSH_KEY).says.evidence.sshsig = intent(e).statement.signature),
      /SSH form/,
    ],
    [
      'an admitting passkey of another key',
      (e) => {
        const { device } = of(e, 'device.enrol', PASSKEY).says
        device.publicKey = Buffer.from(device.publicKey, 'base64').fill(7, 67).toString('base64')
      },
      /bad-signature|unknown-key/,
    ],
    [
      'an admitting passkey of another account',
      (e) => (of(e, 'device.enrol', PASSKEY).says.account.id = 'x'),
      /for another account/,
    ],
    [
      'no enrolment of the admitting passkey',
      (e) => drop(e, 'device.enrol', PASSKEY),
      /nothing shows what admitted/,
    ],
    ['no invitation', (e) => drop(e, 'invitation.create'), /nothing shows the invitation/],
    [
      'an invitation of somebody else',
      (e) => (of(e, 'invitation.create').says.account.id = 'x'),
      /nothing shows the invitation/,
    ],
    [
      'a recovery instead of an invitation',
      (e) => {
        const { says } = of(e, 'device.enrol', PASSKEY)
        says.enrolledBy = says.enrolledBy.replace('invitation', 'recovery')
      },
      /nothing shows the recovery/,
    ],
  ]
  for (const [name, lie, expected] of lies) test(name, () => refused(lie, expected))
})

test('a ledger that swaps the key everywhere, and holds it, still lacks the passkey’s word for it', () =>
  refused((entries) => resign(entries, 5, { prove: true }), /admits another key/))
