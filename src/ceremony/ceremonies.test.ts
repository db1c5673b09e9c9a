import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  account,
  enrolled,
  linkFor,
  ORIGIN,
  reason,
  type World,
  world,
} from '../../test/support/ceremony-bed.ts'
import { MINUTE } from '../../test/support/identity-bed.ts'
import { softKey } from '../../test/support/sk-agent.ts'
import { type SoftPasskey, softPasskey } from '../../test/support/soft-passkey.ts'
import { SK_ED25519 } from '../core/ssh/public-key.ts'
import { armor, signedData, verifySshsig, writeSshsig } from '../core/ssh/sshsig.ts'
import { parseStatement, STATEMENT_NAMESPACE } from '../core/statement/statement.ts'

describe('enrolment by a link (WebAuthn 7.1)', () => {
  const bad: readonly [string, (passkey: SoftPasskey) => void][] = [
    ['another origin', (passkey) => (passkey.origin = 'https://git.example.com')],
    ['another RP ID', (passkey) => (passkey.rpId = 'git.example.com')],
    ['a cross-origin frame', (passkey) => (passkey.crossOrigin = true)],
    ['no touch', (passkey) => (passkey.flags = 0x04)],
    ['no user verification', (passkey) => (passkey.flags = 0x01)],
  ]
  for (const [name, change] of bad) {
    test(`refused: ${name}`, async () => {
      const at = await world()
      const secret = await linkFor(at, await account(at, 'alice'))
      const passkey = softPasskey(ORIGIN)
      change(passkey)
      const options = await at.ceremonies.beginEnrol('pre', secret)
      assert.ok(options.ok)
      assert.equal(
        reason(await at.ceremonies.finishEnrol('pre', secret, passkey.create(options.value as never), 'x')),
        'proof-invalid',
      )
    })
  }
  test('a hundred answers on one link: exactly one device', async () => {
    const at = await world()
    const who = await account(at, 'alice')
    const secret = await linkFor(at, who)
    const tries = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const options = await at.ceremonies.beginEnrol('pre', secret)
        return options.ok
          ? at.ceremonies.finishEnrol('pre', secret, softPasskey(ORIGIN).create(options.value as never), 'x')
          : options
      }),
    )
    assert.equal(tries.filter(({ ok }) => ok).length, 1)
    assert.equal(at.identity.devices(who.id).length, 1)
    assert.equal(reason(await at.ceremonies.beginEnrol('pre', secret)), 'bad-credential')
  })
  test('a challenge answers once, in its browser, within minutes, and only its own link', async () => {
    const at = await world()
    const secret = await linkFor(at, await account(at, 'alice'))
    const other = await linkFor(at, await account(at, 'bob'))
    const begin = async (): Promise<Record<string, unknown>> => {
      const options = await at.ceremonies.beginEnrol('pre', secret)
      assert.ok(options.ok)
      return softPasskey(ORIGIN).create(options.value as never)
    }
    const elsewhere = await begin()
    assert.equal(
      reason(await at.ceremonies.finishEnrol('other browser', secret, elsewhere, 'x')),
      'proof-invalid',
    )
    assert.equal(reason(await at.ceremonies.finishEnrol('pre', secret, elsewhere, 'x')), 'proof-invalid')
    assert.equal(reason(await at.ceremonies.finishEnrol('pre', other, await begin(), 'x')), 'proof-invalid')
    const late = await begin()
    at.clock.now += 6 * MINUTE
    assert.equal(reason(await at.ceremonies.finishEnrol('pre', secret, late, 'x')), 'proof-invalid')
    at.clock.now += 60 * MINUTE
    assert.equal(reason(await at.ceremonies.beginEnrol('pre', secret)), 'bad-credential')
  })
  test('a newer link ends the older one; a credential is enrolled once', async () => {
    const at = await world()
    const who = await account(at, 'alice')
    const older = await linkFor(at, who)
    const newer = await linkFor(at, who)
    assert.equal(reason(await at.ceremonies.beginEnrol('pre', older)), 'bad-credential')
    const passkey = softPasskey(ORIGIN)
    const options = await at.ceremonies.beginEnrol('pre', newer)
    assert.ok(
      options.ok &&
        (await at.ceremonies.finishEnrol('pre', newer, passkey.create(options.value as never), 'x')).ok,
    )
    const again = await linkFor(at, await account(at, 'bob'))
    const second = await at.ceremonies.beginEnrol('pre', again)
    assert.ok(second.ok)
    assert.equal(
      reason(await at.ceremonies.finishEnrol('pre', again, passkey.create(second.value as never), 'x')),
      'bad-request',
    )
  })
})

describe('sign-in (WebAuthn 7.2)', () => {
  const signIn = async (at: World, passkey: SoftPasskey, pre = 'pre'): Promise<string> => {
    const options = await at.ceremonies.beginSignIn('pre', '192.0.2.1')
    return reason(await at.ceremonies.finishSignIn(pre, passkey.get(options as never)))
  }

  test('the passkey says who it is', async () => {
    const at = await world()
    const { who, passkey, device } = await enrolled(at, 'alice')
    const options = await at.ceremonies.beginSignIn('pre', '192.0.2.1')
    const signed = await at.ceremonies.finishSignIn('pre', passkey.get(options as never))
    assert.ok(signed.ok)
    assert.deepEqual([signed.value.account, signed.value.device, signed.value.uv], [who.id, device, true])
  })
  test('ten thousand begun by one IPv6 network leave the others their own', async () => {
    const at = await world()
    const { passkey } = await enrolled(at, 'alice')
    const options = await at.ceremonies.beginSignIn('pre', '2001:db8:0:1::1')
    for (let i = 0; i < 10_000; i++)
      await at.ceremonies.beginSignIn(`browser ${i}`, `2001:db8:0:2::${i.toString(16)}`)
    assert.ok((await at.ceremonies.finishSignIn('pre', passkey.get(options as never))).ok)
  })
  const bad: readonly [string, (passkey: SoftPasskey) => void, string][] = [
    ['another origin', (passkey) => (passkey.origin = 'https://git.example.com'), 'proof-invalid'],
    ['another RP ID', (passkey) => (passkey.rpId = 'git.example.com'), 'proof-invalid'],
    ['a cross-origin frame', (passkey) => (passkey.crossOrigin = true), 'proof-invalid'],
    ['no touch', (passkey) => (passkey.flags = 0x04), 'proof-invalid'],
    ['no user verification', (passkey) => (passkey.flags = 0x01), 'proof-invalid'],
    ['a user handle of somebody else', (passkey) => (passkey.userHandle = 'AAAA'), 'proof-invalid'],
  ]
  for (const [name, change, expected] of bad) {
    test(`refused: ${name}`, async () => {
      const at = await world()
      const { passkey } = await enrolled(at, 'alice')
      change(passkey)
      assert.equal(await signIn(at, passkey), expected)
    })
  }
  test('refused: replayed, another browser, late, unknown passkey, revoked device, disabled account', async () => {
    const at = await world()
    const { who, passkey } = await enrolled(at, 'alice')
    const options = await at.ceremonies.beginSignIn('pre', '192.0.2.1')
    const answer = passkey.get(options as never)
    assert.equal(reason(await at.ceremonies.finishSignIn('pre', answer)), 'ok')
    assert.equal(reason(await at.ceremonies.finishSignIn('pre', answer)), 'proof-invalid')
    assert.equal(await signIn(at, passkey, 'another browser'), 'proof-invalid')
    const late = await at.ceremonies.beginSignIn('pre', '192.0.2.1')
    at.clock.now += 6 * MINUTE
    assert.equal(reason(await at.ceremonies.finishSignIn('pre', passkey.get(late as never))), 'proof-invalid')
    assert.equal(await signIn(at, softPasskey(ORIGIN)), 'bad-credential')
    const two = await enrolled(at, 'bob')
    await at.identity.setDeviceState(two.device, 'revoked', 'test', { force: true })
    assert.equal(await signIn(at, two.passkey), 'device-inactive')
    await at.identity.setAccountState(who.id, 'disabled', 'test')
    assert.equal(await signIn(at, passkey), 'account-inactive')
  })
  test('a signature by another key under a known id', async () => {
    const at = await world()
    const { passkey } = await enrolled(at, 'alice')
    const impostor = softPasskey(ORIGIN)
    impostor.userHandle = passkey.userHandle
    const options = await at.ceremonies.beginSignIn('pre', '192.0.2.1')
    const answer = { ...impostor.get(options as never), id: passkey.id, rawId: passkey.id }
    assert.equal(reason(await at.ceremonies.finishSignIn('pre', answer)), 'proof-invalid')
  })
  test('a counter that goes back is a signal on record, not a refusal', async () => {
    const at = await world()
    const { passkey } = await enrolled(at, 'alice')
    passkey.counter = 10
    assert.equal(await signIn(at, passkey), 'ok')
    passkey.counter = 3
    assert.equal(await signIn(at, passkey), 'ok')
    const signals = await at.store.db
      .selectFrom('ledger_entry')
      .select('idx')
      .where('type', '=', 'device.signal')
      .execute()
    assert.equal(signals.length, 1)
  })
})

describe('an approval', () => {
  const wish = { action: 'git-password.create', fields: [] } as const

  test('is an OpenSSH signature over the exact statement', async () => {
    const at = await world()
    const { who, passkey, device } = await enrolled(at, 'alice')
    const begun = await at.ceremonies.beginApproval('pre', who.id, wish)
    assert.ok(begun.ok)
    const statement = parseStatement(begun.value.text)
    assert.ok(statement.ok)
    assert.deepEqual(
      [statement.value.action, statement.value.actor.name, statement.value.origin],
      ['git-password.create', 'alice', ORIGIN],
    )
    const signed = await at.ceremonies.finishApproval(
      'pre',
      who.id,
      begun.value.id,
      passkey.get(begun.value.options as never),
    )
    assert.ok(signed.ok)
    assert.equal(signed.value.device, device)
    const verified = verifySshsig(
      signed.value.evidence['sshsig']!,
      Buffer.from(begun.value.text),
      STATEMENT_NAMESPACE,
      ORIGIN,
    )
    assert.ok(verified.ok && verified.value.up && verified.value.uv)
    assert.ok(
      !verifySshsig(
        signed.value.evidence['sshsig']!,
        Buffer.from(begun.value.text),
        STATEMENT_NAMESPACE,
        'https://evil.example',
      ).ok,
    )
    assert.ok(
      !verifySshsig(signed.value.evidence['sshsig']!, Buffer.from(begun.value.text), 'git', ORIGIN).ok,
    )
  })
  test('is refused twice, from another browser, for another statement, by another account, by the excepted device', async () => {
    const at = await world()
    const { who, passkey, device } = await enrolled(at, 'alice')
    const bob = await enrolled(at, 'bob')
    const begin = async (): Promise<{ id: string; options: never }> => {
      const begun = await at.ceremonies.beginApproval('pre', who.id, wish)
      assert.ok(begun.ok)
      return { id: begun.value.id, options: begun.value.options as never }
    }
    const one = await begin()
    const answer = passkey.get(one.options)
    assert.equal(reason(await at.ceremonies.finishApproval('pre', who.id, one.id, answer)), 'ok')
    assert.equal(reason(await at.ceremonies.finishApproval('pre', who.id, one.id, answer)), 'proof-invalid')
    const two = await begin()
    assert.equal(
      reason(await at.ceremonies.finishApproval('other', who.id, two.id, passkey.get(two.options))),
      'proof-invalid',
    )
    const [three, four] = [await begin(), await begin()]
    assert.equal(
      reason(await at.ceremonies.finishApproval('pre', who.id, three.id, passkey.get(four.options))),
      'proof-invalid',
    )
    assert.equal(
      reason(await at.ceremonies.finishApproval('pre', who.id, four.id, bob.passkey.get(four.options))),
      'proof-invalid',
    )
    const five = await begin()
    assert.equal(
      reason(await at.ceremonies.finishApproval('pre', bob.who.id, five.id, passkey.get(five.options))),
      'proof-invalid',
    )
    assert.equal(reason(await at.ceremonies.beginApproval('pre', who.id, wish, device)), 'proof-needed')
    assert.equal(
      reason(await at.ceremonies.beginApproval('pre', who.id, { action: 'repo.delete', fields: [] })),
      'bad-request',
    )
  })
})

describe('an SSH signing key', () => {
  const proof = (
    text: string,
    flags = 1,
    namespace = 'ssh-key@countersign',
    key = softKey(SK_ED25519, ''),
  ): { key: typeof key; signature: string } => {
    key.flags = flags
    return {
      key,
      signature: armor(
        writeSshsig({
          publicKey: key.blob,
          namespace,
          hash: 'sha512',
          signature: key.sign(signedData(namespace, 'sha512', Buffer.from(text))),
        }),
      ),
    }
  }

  test('is shown to be held, then admitted by a device; once', async () => {
    const at = await world()
    const { who, device } = await enrolled(at, 'alice')
    const key = softKey(SK_ED25519, '')
    const begun = at.ceremonies.beginSshKey('pre', who.id, key.line)
    assert.ok(begun.ok)
    const proven = at.ceremonies.finishSshKey(
      'pre',
      who.id,
      proof(begun.value.text, 1, begun.value.namespace, key).signature,
    )
    assert.ok(proven.ok)
    assert.ok((await proven.value.admit(device, 'key', {})).ok)
    assert.equal(at.identity.deviceByCredential('ssh-sk', key.fingerprint)?.enrolledBy, `device:${device}`)
    assert.equal(reason(at.ceremonies.beginSshKey('pre', who.id, key.line)), 'bad-request')
  })
  test('refused: no touch, another key, another namespace, other text, no security key, garbage', async () => {
    const at = await world()
    const { who } = await enrolled(at, 'alice')
    const key = softKey(SK_ED25519, '')
    const finish = (make: (text: string) => string): string => {
      const begun = at.ceremonies.beginSshKey('pre', who.id, key.line)
      assert.ok(begun.ok)
      return reason(at.ceremonies.finishSshKey('pre', who.id, make(begun.value.text)))
    }
    assert.equal(
      finish((text) => proof(text, 0, undefined, key).signature),
      'proof-invalid',
    )
    assert.equal(
      finish((text) => proof(text).signature),
      'proof-invalid',
    )
    assert.equal(
      finish((text) => proof(text, 1, 'git', key).signature),
      'proof-invalid',
    )
    assert.equal(
      finish((text) => proof(`${text} `, 1, undefined, key).signature),
      'proof-invalid',
    )
    assert.equal(
      finish(() => 'garbage'),
      'proof-invalid',
    )
    for (const line of [
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f x',
      'nonsense',
      '',
    ])
      assert.equal(reason(at.ceremonies.beginSshKey('pre', who.id, line)), 'bad-request')
    assert.equal(reason(at.ceremonies.finishSshKey('pre', who.id, 'x')), 'proof-invalid')
  })
})

describe('one more passkey', () => {
  test('is admitted by a device that is active until the end', async () => {
    const at = await world()
    const { who, device } = await enrolled(at, 'alice')
    const add = async (): Promise<Record<string, unknown>> => {
      const options = await at.ceremonies.beginAddPasskey('pre', who.id, { device, evidence: {} })
      assert.ok(options.ok)
      return softPasskey(ORIGIN).create(options.value as never)
    }
    assert.ok((await at.ceremonies.finishAddPasskey('pre', who.id, await add(), 'second')).ok)
    const third = await add()
    await at.identity.setDeviceState(device, 'revoked', 'test')
    assert.equal(
      reason(await at.ceremonies.finishAddPasskey('pre', who.id, third, 'third')),
      'device-inactive',
    )
  })
})
