import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { softKey } from '../../test/support/sk-agent.ts'
import { type SoftPasskey, softPasskey } from '../../test/support/soft-passkey.ts'
import { ed25519PrivateKey } from '../core/crypto.ts'
import type { Account, DeviceId } from '../core/identity.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Result } from '../core/result.ts'
import { SK_ED25519 } from '../core/ssh/public-key.ts'
import { armor, signedData, verifySshsig, writeSshsig } from '../core/ssh/sshsig.ts'
import { parseStatement, STATEMENT_NAMESPACE } from '../core/statement/statement.ts'
import type { Identity } from '../identity/identity.ts'
import { openIdentity } from '../identity/open-identity.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { openSqlite } from '../store/sqlite/open-sqlite.ts'
import type { Store } from '../store/store.ts'
import type { Ceremonies } from './ceremonies.ts'
import { createCeremonies } from './create-ceremonies.ts'

const dir = mkdtempSync(join(tmpdir(), 'ceremony-'))
after(() => rmSync(dir, { recursive: true, force: true }))
const ORIGIN = 'https://id.git.example.com'
const MINUTE = 60_000
let count = 0

interface World {
  readonly identity: Identity
  readonly ceremonies: Ceremonies
  readonly store: Store
  readonly clock: { now: number }
}

async function world(): Promise<World> {
  const clock = { now: 1_800_000_000_000 }
  const now = (): number => clock.now
  const store = await openSqlite(join(dir, `${count++}.db`))
  after(() => store.close())
  const ledger = openLedger({ store, key: ed25519PrivateKey(Buffer.alloc(32, 1)), origin: 'x/ledger', now })
  const identity = await openIdentity({
    store,
    ledger,
    now,
    limits: {
      portalIdle: 60 * MINUTE,
      forgeIdle: 60 * MINUTE,
      absolute: 600 * MINUTE,
      gitPassword: 60 * MINUTE,
      link: 60 * MINUTE,
    },
  })
  after(() => identity.close())
  const ceremonies = createCeremonies({
    origin: ORIGIN,
    rpId: 'id.git.example.com',
    identity,
    now,
    policyDigest: () => `sha256:${'0'.repeat(64)}`,
  })
  return { identity, ceremonies, store, clock }
}

let forgeId = 1
async function account({ identity }: World, name: string): Promise<Account> {
  const made = await identity.createAccount({
    name,
    email: `${name}@example.com`,
    forgeId: forgeId++,
    admin: false,
    by: 'test',
  })
  assert.ok(made.ok)
  return made.value
}

async function linkFor({ identity, clock }: World, who: Account): Promise<string> {
  const link = await identity.invite(who.id, 'invitation', 'test', clock.now)
  assert.ok(link.ok)
  return link.value.secret
}

async function enrolled(
  at: World,
  name: string,
): Promise<{ who: Account; passkey: SoftPasskey; device: DeviceId }> {
  const who = await account(at, name)
  const secret = await linkFor(at, who)
  const passkey = softPasskey(ORIGIN)
  const options = await at.ceremonies.beginEnrol('pre', secret)
  assert.ok(options.ok)
  const device = await at.ceremonies.finishEnrol(
    'pre',
    secret,
    passkey.create(options.value as never),
    'first',
  )
  assert.ok(device.ok, JSON.stringify(device))
  return { who, passkey, device: device.value }
}

function reason(result: Result<unknown, Refusal>): string {
  return result.ok ? 'ok' : result.error.reason
}

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
    const options = await at.ceremonies.beginSignIn('pre')
    return reason(await at.ceremonies.finishSignIn(pre, passkey.get(options as never)))
  }

  test('the passkey says who it is', async () => {
    const at = await world()
    const { who, passkey, device } = await enrolled(at, 'alice')
    const options = await at.ceremonies.beginSignIn('pre')
    const signed = await at.ceremonies.finishSignIn('pre', passkey.get(options as never))
    assert.ok(signed.ok)
    assert.deepEqual([signed.value.account, signed.value.device, signed.value.uv], [who.id, device, true])
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
    const options = await at.ceremonies.beginSignIn('pre')
    const answer = passkey.get(options as never)
    assert.equal(reason(await at.ceremonies.finishSignIn('pre', answer)), 'ok')
    assert.equal(reason(await at.ceremonies.finishSignIn('pre', answer)), 'proof-invalid')
    assert.equal(await signIn(at, passkey, 'another browser'), 'proof-invalid')
    const late = await at.ceremonies.beginSignIn('pre')
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
    const options = await at.ceremonies.beginSignIn('pre')
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
