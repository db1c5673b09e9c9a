import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  device,
  EPOCH,
  linkOf,
  MINUTE,
  passkey,
  person,
  type World,
  world,
} from '../../test/support/identity-bed.ts'
import type { Account } from '../core/identity.ts'

async function newcomer({ identity }: World, forgeId: number): Promise<Account> {
  const name = `new-${forgeId}`
  const made = await identity.createAccount({ name, email: `${name}@x`, forgeId, admin: false, by: 'test' })
  assert.ok(made.ok)
  return made.value
}

async function tried(at: World, account: Account, enrolledBy: string, invitation?: string): Promise<string> {
  const done = await at.identity.addDevice(passkey(account, `c-${Math.random()}`, enrolledBy), {
    transports: [],
    evidence: {},
    ...(invitation !== undefined && { invitation }),
  })
  return done.ok ? 'ok' : done.error.reason
}

describe('a device is admitted by what stands in the same transaction', () => {
  test('refused: nothing, something unknown, or two things', async () => {
    const at = await world()
    const account = await newcomer(at, 901)
    const link = await linkOf(at.identity, account)
    for (const by of ['', 'x', 'host:x', 'device:', 'device:x', 'invitation:', 'invitation:x', 'recovery:x'])
      assert.notEqual(await tried(at, account, by), 'ok', by)
    assert.equal(await tried(at, account, `invitation:${link}`), 'denied', 'the link is not handed over')
    assert.equal(await tried(at, account, 'device:x', link), 'denied')
    assert.equal(await tried(at, account, `invitation:x`, link), 'denied')
    assert.equal(await tried(at, account, `recovery:${link}`, link), 'bad-credential', 'of another kind')
    assert.equal(await tried(at, account, `invitation:${link}`, link), 'ok', 'none of these used it up')
  })

  test('refused: a link of another account, used, late, or made useless by a newer one', async () => {
    const at = await world()
    const [anna, otto] = [await newcomer(at, 902), await newcomer(at, 903)]
    const older = await linkOf(at.identity, anna)
    const link = await linkOf(at.identity, anna)
    assert.equal(await tried(at, anna, `invitation:${older}`, older), 'bad-credential')
    assert.equal(await tried(at, otto, `invitation:${link}`, link), 'bad-credential')
    at.clock.now = EPOCH + 60 * MINUTE
    assert.equal(await tried(at, anna, `invitation:${link}`, link), 'bad-credential', 'late')
    at.clock.now--
    assert.equal(await tried(at, anna, `invitation:${link}`, link), 'ok')
    assert.equal(await tried(at, anna, `invitation:${link}`, link), 'bad-credential', 'used')
  })

  test('refused: a device that is suspended, revoked, or of another account', async () => {
    const at = await world()
    const { account, passkey: key } = await person(at, 'alice')
    const other = await person(at, 'bob')
    const spare = await device(at.identity, account, 'c-spare')
    assert.equal(await tried(at, account, `device:${other.passkey.id}`), 'device-inactive')
    await at.identity.setDeviceState(spare.id, 'suspended', 'test')
    assert.equal(await tried(at, account, `device:${spare.id}`), 'device-inactive')
    await at.identity.setDeviceState(spare.id, 'revoked', 'test')
    assert.equal(await tried(at, account, `device:${spare.id}`), 'device-inactive')
    assert.equal(await tried(at, account, `device:${key.id}`), 'ok')
  })

  test('an invitation is for the first device, recovery for somebody who has some', async () => {
    const at = await world()
    const { account, passkey: key } = await person(at, 'alice')
    const invited = await at.identity.invite(account.id, 'invitation', 'test', EPOCH)
    assert.ok(!invited.ok && invited.error.reason === 'denied')
    const link = await linkOf(at.identity, account, 'recovery')
    assert.equal(await tried(at, account, `invitation:${link}`, link), 'bad-credential')
    assert.equal(await tried(at, account, `recovery:${link}`, link), 'ok')
    assert.equal(at.identity.device(key.id)?.state, 'active', 'the others stay as they are')
  })

  test('a disabled account gets no link and no device', async () => {
    const at = await world()
    const { account, passkey: key } = await person(at, 'alice')
    assert.ok((await at.identity.setAccountState(account.id, 'disabled', 'test')).ok)
    assert.equal(await tried(at, account, `device:${key.id}`), 'account-inactive')
    const link = await at.identity.invite(account.id, 'recovery', 'test', EPOCH)
    assert.ok(!link.ok && link.error.reason === 'account-inactive')
  })
})

describe('what a use of a device shows', () => {
  const signals = async ({ store }: World): Promise<unknown[]> =>
    (
      await store.db
        .selectFrom('ledger_entry')
        .select('payload')
        .where('type', '=', 'device.signal')
        .orderBy('idx')
        .execute()
    ).map(({ payload }) => {
      const { signal, seen, known } = JSON.parse(Buffer.from(payload!).toString())
      return [signal, seen, known]
    })

  test('a counter that does not grow is a signal, unless there is none', async () => {
    const at = await world()
    const { passkey: key } = await person(at, 'alice')
    for (const counter of [0, 0, 5, 5, 4, 0, 6]) await at.identity.deviceUsed(key.id, counter, EPOCH)
    assert.deepEqual(await signals(at), [
      ['counter-not-higher', 5, 5],
      ['counter-not-higher', 4, 5],
      ['counter-not-higher', 0, 5],
    ])
    assert.equal(at.identity.device(key.id)?.counter, 6)
    assert.equal((await at.again()).device(key.id)?.counter, 6)
  })

  test('backup eligibility that changes is a signal; it is believed in one direction', async () => {
    const at = await world()
    const { passkey: key } = await person(at, 'alice')
    await at.identity.deviceUsed(key.id, 0, EPOCH, false)
    await at.identity.deviceUsed(key.id, 0, EPOCH, true)
    assert.equal(at.identity.device(key.id)?.backupEligible, true)
    await at.identity.deviceUsed(key.id, 0, EPOCH, true)
    await at.identity.deviceUsed(key.id, 0, EPOCH, false)
    assert.equal((await at.again()).device(key.id)?.backupEligible, true)
    assert.deepEqual(await signals(at), [
      ['backup-eligibility', true, false],
      ['backup-eligibility', false, true],
    ])
  })
})
