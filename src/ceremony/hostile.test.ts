import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SettingsService } from '@simplewebauthn/server'
import fc from 'fast-check'
import {
  account,
  ceremoniesOn,
  enrolled,
  linkFor,
  ORIGIN,
  reason,
  type World,
  world,
} from '../../test/support/ceremony-bed.ts'
import { MINUTE } from '../../test/support/identity-bed.ts'
import { softKey } from '../../test/support/sk-agent.ts'
import { type Algorithm, type SoftPasskey, softPasskey } from '../../test/support/soft-passkey.ts'
import { SK_ECDSA } from '../core/ssh/public-key.ts'
import { armor, signedData, writeSshsig } from '../core/ssh/sshsig.ts'
import type { Identity } from '../identity/identity.ts'
import type { CredentialJson } from './ceremonies.ts'

type Json = { [key: string]: unknown }
const part = (answer: CredentialJson): Json => (answer as { response: Json }).response
const without = (answer: CredentialJson, name: string): CredentialJson => {
  const { [name]: _, ...response } = part(answer)
  return { ...answer, response }
}

async function signIn(
  at: World,
  passkey: SoftPasskey,
  change: (answer: CredentialJson) => CredentialJson = (answer) => answer,
): Promise<string> {
  const options = await at.ceremonies.beginSignIn('pre', '192.0.2.1')
  return reason(await at.ceremonies.finishSignIn('pre', change(passkey.get(options as never))))
}

describe('what a browser is asked for', () => {
  test('to register: a discoverable key with PIN or biometric, ES256 first, none that is there', async () => {
    const at = await world()
    const { who, passkey, device } = await enrolled(at, 'alice')
    const asked = await at.ceremonies.beginAddPasskey('pre', who.id, { device, evidence: {} })
    assert.ok(asked.ok)
    const options = asked.value as {
      rp: Json
      user: Json
      pubKeyCredParams: { alg: number }[]
      authenticatorSelection: Json
      attestation: string
      excludeCredentials: Json[]
      challenge: string
    }
    assert.equal(options.rp['id'], 'id.git.example.com')
    assert.equal(options.user['id'], who.id)
    assert.deepEqual(
      options.pubKeyCredParams.map(({ alg }) => alg),
      [-7, -8, -257],
    )
    assert.equal(options.authenticatorSelection['residentKey'], 'required')
    assert.equal(options.authenticatorSelection['userVerification'], 'required')
    assert.equal(options.attestation, 'none')
    assert.deepEqual(
      options.excludeCredentials.map(({ id }) => id),
      [passkey.id],
    )
    assert.equal(Buffer.from(options.challenge, 'base64url').length, 32)
  })

  test('to sign in: any passkey of this site; twice is never the same challenge', async () => {
    const { ceremonies } = await world()
    const [one, two] = [
      await ceremonies.beginSignIn('pre', '192.0.2.1'),
      await ceremonies.beginSignIn('pre', '192.0.2.1'),
    ]
    assert.deepEqual(one['allowCredentials'], [])
    assert.equal(one['userVerification'], 'required')
    assert.notEqual(one['challenge'], two['challenge'])
  })
})

describe('refused at sign-in', () => {
  test('no user handle: the passkey does not say who it is', async () => {
    const at = await world()
    const { passkey } = await enrolled(at, 'alice')
    assert.equal(await signIn(at, passkey, (answer) => without(answer, 'userHandle')), 'proof-invalid')
    assert.equal(await signIn(at, passkey), 'ok')
  })

  test('how an account stands is not told to somebody without its key', async () => {
    const at = await world()
    const { who, passkey } = await enrolled(at, 'alice')
    await at.identity.setAccountState(who.id, 'disabled', 'test')
    assert.equal(await signIn(at, passkey), 'account-inactive')
    const impostor = softPasskey(ORIGIN)
    impostor.userHandle = passkey.userHandle
    const posing = (answer: CredentialJson): CredentialJson => ({
      ...answer,
      id: passkey.id,
      rawId: passkey.id,
    })
    assert.equal(await signIn(at, impostor, posing), 'proof-invalid')
  })

  test('a device or an account that ended while the signature was verified', async () => {
    const at = await world()
    const { passkey } = await enrolled(at, 'alice')
    const { identity } = at
    const ended: readonly [Partial<Identity>, string][] = [
      [{ device: (id) => ({ ...identity.device(id)!, state: 'revoked' }) }, 'device-inactive'],
      [{ account: (id) => ({ ...identity.account(id)!, state: 'disabled' }) }, 'account-inactive'],
    ]
    for (const [change, expected] of ended)
      assert.equal(
        await signIn(ceremoniesOn({ ...at, identity: { ...identity, ...change } }), passkey),
        expected,
      )
  })

  test('backed up, but not eligible for it (section 6.1.3)', async () => {
    const at = await world()
    const { passkey } = await enrolled(at, 'alice')
    passkey.flags = 0x05 | 0x10
    assert.equal(await signIn(at, passkey), 'proof-invalid')
  })

  test('an answer to another ceremony: registration, approval', async () => {
    const at = await world()
    const { who, passkey, device } = await enrolled(at, 'alice')
    const approval = await at.ceremonies.beginApproval('pre', who.id, {
      action: 'git-password.create',
      fields: [],
    })
    const adding = await at.ceremonies.beginAddPasskey('pre', who.id, { device, evidence: {} })
    assert.ok(approval.ok && adding.ok)
    for (const options of [approval.value.options, adding.value])
      assert.equal(
        reason(await at.ceremonies.finishSignIn('pre', passkey.get(options as never))),
        'proof-invalid',
      )
    const asked = await at.ceremonies.beginSignIn('pre', '192.0.2.1')
    assert.equal(
      reason(
        await at.ceremonies.finishApproval('pre', who.id, approval.value.id, passkey.get(asked as never)),
      ),
      'proof-invalid',
    )
  })

  test('a signature whose DER says another length (RFC 3279 section 2.2.3)', async () => {
    const at = await world()
    const { passkey } = await enrolled(at, 'alice')
    for (const [where, bit] of [0, 1, 2, 3].flatMap((byte) =>
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [byte, n] as const),
    )) {
      const flip = (answer: CredentialJson): CredentialJson => {
        const bytes = Buffer.from(part(answer)['signature'] as string, 'base64url')
        bytes[where]! ^= 1 << bit
        return { ...answer, response: { ...part(answer), signature: bytes.toString('base64url') } }
      }
      assert.equal(await signIn(at, passkey, flip), 'proof-invalid', `byte ${where}, bit ${bit}`)
    }
  })

  test('any bit of what was signed, or of the signature, flipped', async () => {
    const at = await world()
    const { passkey } = await enrolled(at, 'alice')
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('authenticatorData', 'clientDataJSON', 'signature'),
        fc.nat(),
        fc.nat(7),
        async (name, where, bit) => {
          const flip = (answer: CredentialJson): CredentialJson => {
            const bytes = Buffer.from(part(answer)[name] as string, 'base64url')
            bytes[where % bytes.length]! ^= 1 << bit
            return { ...answer, response: { ...part(answer), [name]: bytes.toString('base64url') } }
          }
          assert.equal(await signIn(at, passkey, flip), 'proof-invalid')
        },
      ),
      { numRuns: 60 },
    )
    assert.equal(await signIn(at, passkey), 'ok')
  })

  test('what is no credential, without throwing', async () => {
    const at = await world()
    const link = await linkFor(at, await account(at, 'bob'))
    const { who, passkey, device } = await enrolled(at, 'alice')
    await fc.assert(
      fc.asyncProperty(fc.object(), fc.object(), async (outer, inner) => {
        const signing = await at.ceremonies.beginSignIn('pre', '192.0.2.1')
        const enrolling = await at.ceremonies.beginEnrol('pre', link)
        const adding = await at.ceremonies.beginAddPasskey('pre', who.id, { device, evidence: {} })
        assert.ok(enrolling.ok && adding.ok)
        const [get, one, two] = [
          passkey.get(signing as never),
          softPasskey(ORIGIN).create(enrolling.value as never),
          softPasskey(ORIGIN).create(adding.value as never),
        ]
        const broken = (answer: CredentialJson): CredentialJson => {
          const { clientDataJSON } = part(answer)
          return { ...answer, ...outer, response: { ...inner, clientDataJSON } }
        }
        assert.equal((await at.ceremonies.finishSignIn('pre', outer as CredentialJson)).ok, false)
        assert.equal((await at.ceremonies.finishSignIn('pre', broken(get))).ok, false)
        assert.equal((await at.ceremonies.finishEnrol('pre', link, broken(one), 'x')).ok, false)
        assert.equal((await at.ceremonies.finishAddPasskey('pre', who.id, broken(two), 'x')).ok, false)
      }),
      { numRuns: 40 },
    )
  })
})

describe('refused at registration', () => {
  test('an id of more than 1023 bytes (section 7.1 step 25)', async () => {
    for (const [bytes, expected] of [
      [1023, 'ok'],
      [1024, 'proof-invalid'],
    ] as const) {
      const at = await world()
      const secret = await linkFor(at, await account(at, 'alice'))
      const options = await at.ceremonies.beginEnrol('pre', secret)
      assert.ok(options.ok)
      const passkey = softPasskey(ORIGIN, undefined, 'ES256', Buffer.alloc(bytes, 7))
      const answer = passkey.create(options.value as never)
      assert.equal(reason(await at.ceremonies.finishEnrol('pre', secret, answer, 'x')), expected)
    }
  })

  test('an id that is not the one in the signed data', async () => {
    const at = await world()
    const secret = await linkFor(at, await account(at, 'alice'))
    const options = await at.ceremonies.beginEnrol('pre', secret)
    assert.ok(options.ok)
    const answer = { ...softPasskey(ORIGIN).create(options.value as never), id: 'AAAA', rawId: 'AAAA' }
    assert.equal(reason(await at.ceremonies.finishEnrol('pre', secret, answer, 'x')), 'proof-invalid')
  })

  test('a passkey for another account’s challenge, and an approval of somebody else’s', async () => {
    const at = await world()
    const [alice, bob] = [await enrolled(at, 'alice'), await enrolled(at, 'bob')]
    const asked = await at.ceremonies.beginAddPasskey('pre', alice.who.id, {
      device: alice.device,
      evidence: {},
    })
    assert.ok(asked.ok)
    const answer = softPasskey(ORIGIN).create(asked.value as never)
    assert.equal(
      reason(await at.ceremonies.finishAddPasskey('pre', bob.who.id, answer, 'x')),
      'proof-invalid',
    )
    const foreign = await at.ceremonies.beginAddPasskey('pre', bob.who.id, {
      device: alice.device,
      evidence: {},
    })
    assert.ok(foreign.ok)
    const second = softPasskey(ORIGIN).create(foreign.value as never)
    assert.equal(
      reason(await at.ceremonies.finishAddPasskey('pre', bob.who.id, second, 'x')),
      'device-inactive',
    )
  })

  test('transports that are none are left out', async () => {
    const at = await world()
    const who = await account(at, 'alice')
    const secret = await linkFor(at, who)
    const options = await at.ceremonies.beginEnrol('pre', secret)
    assert.ok(options.ok)
    const answer = softPasskey(ORIGIN).create(options.value as never)
    const response = { ...part(answer), transports: ['usb', ['nfc'], 7, null, '<b>', 'internal'] }
    const done = await at.ceremonies.finishEnrol('pre', secret, { ...answer, response }, 'x')
    assert.ok(done.ok)
    assert.deepEqual(at.identity.transports(done.value), ['usb', 'internal'])
  })
})

describe('a passkey by algorithm', () => {
  const kinds: readonly [Algorithm, boolean][] = [
    ['ES256', true],
    ['EdDSA', false],
    ['RS256', false],
  ]
  for (const [algorithm, openssh] of kinds) {
    test(`${algorithm} enrols, signs in and approves${openssh ? ', for ssh-keygen too' : ', by its raw assertion'}`, async () => {
      const at = await world()
      const { who, passkey } = await enrolled(at, 'alice', softPasskey(ORIGIN, undefined, algorithm))
      assert.equal(await signIn(at, passkey), 'ok')
      const asked = await at.ceremonies.beginApproval('pre', who.id, {
        action: 'git-password.create',
        fields: [],
      })
      assert.ok(asked.ok)
      const answer = without(passkey.get(asked.value.options as never), 'userHandle')
      const signed = await at.ceremonies.finishApproval('pre', who.id, asked.value.id, answer)
      assert.ok(signed.ok, JSON.stringify(signed))
      assert.equal(signed.value.evidence['sshsig'] !== undefined, openssh)
      assert.equal(signed.value.evidence['statement'], asked.value.text)
      assert.equal(signed.value.evidence['signature'], part(answer)['signature'])
    })
  }
})

test('a statement is signed until it expires, to the millisecond', async () => {
  for (const [later, expected] of [
    [299_100, 'ok'],
    [299_101, 'proof-invalid'],
  ] as const) {
    const at = await world()
    const { who, passkey } = await enrolled(at, 'alice')
    at.clock.now += 900
    const wish = { action: 'git-password.create', fields: [] }
    const asked = await at.ceremonies.beginApproval('pre', who.id, wish)
    assert.ok(asked.ok)
    const answer = passkey.get(asked.value.options as never)
    at.clock.now += later
    assert.equal(reason(await at.ceremonies.finishApproval('pre', who.id, asked.value.id, answer)), expected)
  }
})

test('a key that may be copied after all is a signal on record, and lets sign in', async () => {
  const at = await world()
  const { passkey, device } = await enrolled(at, 'alice')
  assert.equal(at.identity.device(device)?.backupEligible, false)
  passkey.flags = 0x05 | 0x08
  assert.equal(await signIn(at, passkey), 'ok')
  assert.equal(at.identity.device(device)?.backupEligible, true)
  const signals = await at.store.db
    .selectFrom('ledger_entry')
    .select('idx')
    .where('type', '=', 'device.signal')
    .execute()
  assert.equal(signals.length, 1)
})

test('after a registration the library has no trust anchor left, and so no reason to fetch anything', async () => {
  await enrolled(await world(), 'alice')
  for (const identifier of [
    'apple',
    'android-key',
    'android-safetynet',
    'packed',
    'tpm',
    'fido-u2f',
  ] as const)
    assert.deepEqual(SettingsService.getRootCertificates({ identifier }), [])
})

test('recovery lets one more device in, and stays visible at it', async () => {
  const at = await world()
  const { who, device } = await enrolled(at, 'alice')
  const link = await at.identity.invite(who.id, 'recovery', 'host', at.clock.now)
  assert.ok(link.ok)
  const options = await at.ceremonies.beginEnrol('pre', link.value.secret)
  assert.ok(options.ok)
  const answer = softPasskey(ORIGIN).create(options.value as never)
  const done = await at.ceremonies.finishEnrol('pre', link.value.secret, answer, 'found again')
  assert.ok(done.ok)
  assert.match(at.identity.device(done.value)?.enrolledBy ?? '', /^recovery:[A-Za-z0-9_-]{43}$/)
  assert.equal(at.identity.device(device)?.state, 'active')
})

describe('an SSH signing key', () => {
  async function proven(at: World, who: { id: never }, finishAs = 'pre', later = 0, eol = '\n') {
    const key = softKey(SK_ECDSA, '')
    const begun = at.ceremonies.beginSshKey('pre', who.id, `${key.line}\r\n`)
    assert.ok(begun.ok)
    const { text, namespace } = begun.value
    const signature = key.sign(signedData(namespace, 'sha512', Buffer.from(text)))
    const armored = armor(writeSshsig({ publicKey: key.blob, namespace, hash: 'sha512', signature }))
    at.clock.now += later
    return { key, done: at.ceremonies.finishSshKey(finishAs, who.id, armored.replaceAll('\n', eol)) }
  }

  test('is proven as a terminal or a text field pastes it; late or from another browser it is not', async () => {
    const at = await world()
    const { who } = await enrolled(at, 'alice')
    assert.equal(reason((await proven(at, who as never, 'pre', 0, '\r\n')).done), 'ok')
    assert.equal(reason((await proven(at, who as never, 'another browser')).done), 'proof-invalid')
    assert.equal(reason((await proven(at, who as never, 'pre', 5 * MINUTE)).done), 'proof-invalid')
  })

  test('is not admitted by a device that ended, nor twice', async () => {
    const at = await world()
    const [alice, bob] = [await enrolled(at, 'alice'), await enrolled(at, 'bob')]
    const { done } = await proven(at, alice.who as never)
    assert.ok(done.ok)
    assert.equal(reason(await done.value.admit(bob.device, 'x', {})), 'device-inactive')
    assert.equal(reason(await done.value.admit(alice.device, 'x', {})), 'ok')
    assert.equal(reason(await done.value.admit(alice.device, 'x', {})), 'bad-request')
    const late = await proven(at, alice.who as never)
    assert.ok(late.done.ok)
    await at.identity.setDeviceState(alice.device, 'suspended', 'test', { force: true })
    assert.equal(reason(await late.done.value.admit(alice.device, 'x', {})), 'device-inactive')
  })
})
