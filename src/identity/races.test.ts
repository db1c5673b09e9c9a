import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { device, EPOCH, linkOf, passkey, person, session, world } from '../../test/support/identity-bed.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openIdentity } from './open-identity.ts'

const oks = (results: readonly { ok: boolean }[]): number => results.filter(({ ok }) => ok).length

describe('of two changes at once', () => {
  test('that end the last two passkeys, one is refused', async () => {
    const { identity, ...at } = await world()
    const { account, passkey: one } = await person({ identity, ...at }, 'alice')
    const two = await device(identity, account, 'c-two')
    const done = await Promise.all([
      identity.setDeviceState(one.id, 'revoked', 'test'),
      identity.setDeviceState(two.id, 'suspended', 'test'),
    ])
    assert.equal(oks(done), 1)
    assert.equal(identity.activeDevices(account.id).length, 1)
  })

  test('that end the last two administrators, one is refused', async () => {
    const at = await world()
    const people = [await person(at, 'anna', true), await person(at, 'otto', true)]
    const done = await Promise.all(
      people.map(({ account }) => at.identity.setAccountState(account.id, 'disabled', 'test')),
    )
    assert.equal(oks(done), 1)
    assert.equal(at.identity.accounts().filter(({ state }) => state === 'active').length, 1)
  })

  test('revoking wins over enabling, renaming and use, whichever came first', async () => {
    const at = await world()
    const { account } = await person(at, 'alice')
    const others: readonly ((id: never) => Promise<unknown>)[] = [
      (id) => at.identity.setDeviceState(id, 'active', 'test'),
      (id) => at.identity.renameDevice(id, 'new name'),
      (id) => at.identity.deviceUsed(id, 9, EPOCH),
    ]
    for (const [i, other] of others.entries()) {
      for (const first of ['revoke', 'other']) {
        const { id } = await device(at.identity, account, `c-${i}-${first}`)
        const revoke = (): Promise<unknown> => at.identity.setDeviceState(id, 'revoked', 'test')
        await Promise.all(
          first === 'revoke' ? [revoke(), other(id as never)] : [other(id as never), revoke()],
        )
        assert.equal(at.identity.device(id)?.state, 'revoked', `in memory: ${i}, ${first} first`)
        assert.equal((await at.again()).device(id)?.state, 'revoked', `in the store: ${i}, ${first} first`)
      }
    }
  })

  test('nothing is opened beside what suspends its device, to come alive when that is enabled again', async () => {
    const at = await world()
    const { account, passkey: key } = await person(at, 'alice')
    const { id: portal } = await session(at, account, key)
    const input = { account: account.id, device: key.id, session: portal, now: EPOCH, evidence: {} }
    const [suspended, opened, password] = await Promise.all([
      at.identity.setDeviceState(key.id, 'suspended', 'test', { force: true }),
      at.identity.openSession({ ...input, door: 'portal', parent: null, uv: true, userAgent: '' }),
      at.identity.createGitPassword(input),
    ])
    assert.ok(suspended.ok)
    assert.ok(!opened.ok && opened.error.reason === 'device-inactive')
    assert.ok(!password.ok && password.error.reason === 'device-inactive')
  })

  test('a forge session is not opened beside the end of its portal session', async () => {
    const at = await world()
    const { account, passkey: key } = await person(at, 'alice')
    const portal = await session(at, account, key)
    const [, opened] = await Promise.all([
      at.identity.endSession(portal.id, 'test'),
      at.identity.openSession({
        door: 'forge',
        parent: portal.id,
        account: account.id,
        device: key.id,
        uv: true,
        userAgent: '',
        now: EPOCH,
      }),
    ])
    assert.ok(!opened.ok && opened.error.reason === 'not-signed-in')
  })

  test('one link admits one of a hundred devices; one credential is one person’s', async () => {
    const at = await world()
    const [anna, otto] = await Promise.all(
      ['anna', 'otto'].map(async (name, i) => {
        const made = await at.identity.createAccount({
          name,
          email: `${name}@x`,
          forgeId: 500 + i,
          admin: false,
          by: 'test',
        })
        assert.ok(made.ok)
        return { account: made.value, link: await linkOf(at.identity, made.value) }
      }),
    )
    const add = (who: typeof anna, credential: string) =>
      at.identity.addDevice(passkey(who!.account, credential, `invitation:${who!.link}`), {
        transports: [],
        invitation: who!.link,
        evidence: {},
      })
    const many = await Promise.all(Array.from({ length: 100 }, (_, i) => add(anna, `c-${i}`)))
    assert.equal(oks(many), 1)
    assert.equal(at.identity.devices(anna!.account.id).length, 1)
    const taken = at.identity.devices(anna!.account.id)[0]!.credential
    const again = await add(otto, taken)
    assert.ok(!again.ok && again.error.reason === 'bad-request')
    assert.ok((await add(otto, 'c-own')).ok, 'a refused enrolment does not use the link up')
  })
})

test('memory a moment behind another process opens nothing', async () => {
  const at = await world()
  const { account, passkey: key } = await person(at, 'alice')
  const host = await at.again()
  assert.ok((await host.setDeviceState(key.id, 'revoked', 'host', { force: true })).ok)
  assert.equal(at.identity.device(key.id)?.state, 'active', 'not looked yet')
  const opened = await at.identity.openSession({
    door: 'portal',
    parent: null,
    account: account.id,
    device: key.id,
    uv: true,
    userAgent: '',
    now: EPOCH,
  })
  assert.ok(!opened.ok && opened.error.reason === 'device-inactive')
  const added = await at.identity.addDevice(passkey(account, 'c-2', `device:${key.id}`), {
    transports: [],
    evidence: {},
  })
  assert.ok(!added.ok && added.error.reason === 'device-inactive')
})

test('what could not be written is not seen', async () => {
  const at = await world()
  const { account, passkey: key } = await person(at, 'alice')
  const portal = await session(at, account, key)
  const failing = { append: () => Promise.reject(new Error('disk full')) } as unknown as Ledger
  const minute = 60_000
  const identity = await openIdentity({
    store: at.store,
    ledger: failing,
    now: () => EPOCH,
    limits: {
      portalIdle: minute,
      forgeIdle: minute,
      absolute: minute,
      gitPassword: minute,
      token: minute,
      link: minute,
    },
  })
  const { epoch } = identity
  const told: unknown[] = []
  identity.onRevoke((revocation) => told.push(revocation))
  await assert.rejects(identity.setDeviceState(key.id, 'revoked', 'test', { force: true }))
  await assert.rejects(identity.endSession(portal.id, 'test'))
  await assert.rejects(identity.invite(account.id, 'recovery', 'test', EPOCH))
  assert.equal(identity.device(key.id)?.state, 'active')
  assert.ok(identity.bySession('portal', portal.secret, EPOCH))
  assert.equal(identity.epoch, epoch)
  assert.deepEqual(told, [])
  await identity.close()
})

test('a listener that throws keeps nobody from hearing', async (t) => {
  const at = await world()
  const { account, passkey: key } = await person(at, 'alice')
  const { id } = await session(at, account, key)
  const thrown = t.mock.method(globalThis, 'queueMicrotask', () => {})
  const heard: string[] = []
  at.identity.onRevoke(() => {
    throw new Error('a bug')
  })
  const stop = at.identity.onRevoke(({ kind }) => heard.push(kind))
  await at.identity.endSession(id, 'test')
  assert.deepEqual(heard, ['session'])
  assert.throws(() => (thrown.mock.calls[0]!.arguments[0] as () => void)(), /a bug/)
  stop()
  const next = await session(at, account, key)
  await at.identity.endSession(next.id, 'test')
  assert.deepEqual(heard, ['session'])
})
