import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { device, MINUTE, person, session, world } from '../../test/support/identity-bed.ts'
import { verifyLedger } from '../ledger/verify-ledger.ts'
import type { Revocation } from './identity.ts'

describe('sessions', () => {
  test('end by idling, by their absolute limit, and only open their own door', async () => {
    const at = await world()
    const { account, passkey } = await person(at, 'alice')
    const { secret } = await session(at, account, passkey)
    const open = (): boolean => at.identity.bySession('portal', secret, at.clock.now) !== undefined
    assert.ok(open())
    assert.equal(at.identity.bySession('forge', secret, at.clock.now), undefined)
    assert.equal(at.identity.bySession('portal', `${secret}x`, at.clock.now), undefined)
    at.clock.now += 9 * MINUTE
    assert.ok(open(), 'being used keeps it open')
    at.clock.now += 11 * MINUTE
    assert.ok(!open(), 'idle')
    const long = await session(at, account, passkey)
    for (let i = 0; i < 8; i++) {
      assert.ok(at.identity.bySession('portal', long.secret, at.clock.now), `after ${i * 8} minutes`)
      at.clock.now += 8 * MINUTE
    }
    assert.equal(at.identity.bySession('portal', long.secret, at.clock.now), undefined, 'absolute')
  })

  test('a forge session ends with its portal session, and never outlives it', async () => {
    const at = await world()
    const { account, passkey } = await person(at, 'alice')
    const portal = await session(at, account, passkey)
    const forge = await session(at, account, passkey, 'forge', portal.id)
    const cut: Revocation[] = []
    at.identity.onRevoke((revocation) => cut.push(revocation))
    await at.identity.endSession(portal.id, 'test')
    assert.equal(at.identity.bySession('forge', forge.secret, at.clock.now), undefined)
    assert.deepEqual(
      cut.map(({ kind }) => kind),
      ['session', 'session'],
    )
    const orphan = await at.identity.openSession({
      door: 'forge',
      parent: portal.id,
      account: account.id,
      device: passkey.id,
      uv: true,
      userAgent: '',
      now: at.clock.now,
    })
    assert.ok(!orphan.ok && orphan.error.reason === 'not-signed-in')
  })

  test('survive a restart; secrets are stored as hashes only', async () => {
    const at = await world()
    const { account, passkey } = await person(at, 'alice')
    const { secret } = await session(at, account, passkey)
    assert.ok((await at.again()).bySession('portal', secret, at.clock.now))
    const dump = JSON.stringify([
      await at.store.db.selectFrom('session').selectAll().execute(),
      (await at.store.db.selectFrom('ledger_entry').select('payload').execute()).map(({ payload }) =>
        Buffer.from(payload!).toString(),
      ),
    ])
    assert.ok(!dump.includes(secret))
  })
})

describe('revocation', () => {
  test('of a device ends what it opened, in one step, and nothing of another device', async () => {
    const at = await world()
    const { account, passkey } = await person(at, 'alice')
    const other = await device(at.identity, account, 'c-other')
    const mine = await session(at, account, passkey)
    const kept = await session(at, account, other)
    const password = await at.identity.createGitPassword({
      account: account.id,
      device: passkey.id,
      session: mine.id,
      now: at.clock.now,
      evidence: {},
    })
    assert.ok(password.ok && at.identity.byGitPassword(password.value.secret, at.clock.now))
    const epoch = at.identity.epoch
    assert.ok((await at.identity.setDeviceState(passkey.id, 'revoked', 'test')).ok)
    assert.ok(at.identity.epoch > epoch)
    assert.equal(at.identity.bySession('portal', mine.secret, at.clock.now), undefined)
    assert.equal(at.identity.byGitPassword(password.value.secret, at.clock.now), undefined)
    assert.ok(at.identity.bySession('portal', kept.secret, at.clock.now))
    const back = await at.identity.setDeviceState(passkey.id, 'active', 'test')
    assert.ok(!back.ok, 'revoked stays revoked')
    const opened = await at.identity.openSession({
      door: 'portal',
      parent: null,
      account: account.id,
      device: passkey.id,
      uv: true,
      userAgent: '',
      now: at.clock.now,
    })
    assert.ok(!opened.ok && opened.error.reason === 'device-inactive')
  })
  test('of the last passkey and of the last administrator is refused', async () => {
    const at = await world()
    const { account, passkey } = await person(at, 'root', true)
    assert.ok(!(await at.identity.setDeviceState(passkey.id, 'revoked', 'test')).ok)
    assert.ok(!(await at.identity.setAccountState(account.id, 'disabled', 'test')).ok)
    assert.ok((await at.identity.setDeviceState(passkey.id, 'suspended', 'test', { force: true })).ok)
    assert.ok((await at.identity.setDeviceState(passkey.id, 'active', 'test')).ok)
  })
  test('of an account ends sessions, passwords and open links', async () => {
    const at = await world()
    await person(at, 'root', true)
    const { account, passkey } = await person(at, 'alice')
    const mine = await session(at, account, passkey)
    const link = await at.identity.invite(account.id, 'recovery', 'test', at.clock.now)
    const password = await at.identity.createGitPassword({
      account: account.id,
      device: passkey.id,
      session: mine.id,
      now: at.clock.now,
      evidence: {},
    })
    assert.ok(link.ok && password.ok)
    await at.identity.setAccountState(account.id, 'disabled', 'test')
    assert.equal(at.identity.bySession('portal', mine.secret, at.clock.now), undefined)
    assert.equal(at.identity.byGitPassword(password.value.secret, at.clock.now), undefined)
    assert.equal(at.identity.invitation(link.value.secret, at.clock.now), undefined)
    await at.identity.setAccountState(account.id, 'active', 'test')
    assert.equal(
      at.identity.bySession('portal', mine.secret, at.clock.now),
      undefined,
      'enabling brings nothing back',
    )
    assert.equal(at.identity.byGitPassword(password.value.secret, at.clock.now), undefined)
  })
  test('by another process is seen, and told', async () => {
    const at = await world()
    await person(at, 'root', true)
    const { account, passkey } = await person(at, 'alice')
    const mine = await session(at, account, passkey)
    const host = await at.again()
    const told = new Promise<Revocation>((resolve) =>
      at.identity.onRevoke((revocation) => revocation.kind === 'account' && resolve(revocation)),
    )
    await host.setAccountState(account.id, 'disabled', 'host')
    // The look-out timer keeps no process alive by itself.
    const alive = setInterval(() => {}, 1000)
    assert.equal((await told).account, account.id)
    clearInterval(alive)
    assert.equal(at.identity.bySession('portal', mine.secret, at.clock.now), undefined)
    assert.ok((await verifyLedger(at.store, at.vkey)).ok)
  })
})

test('git passwords expire and can be ended; names are unique as the forge folds them', async () => {
  const at = await world()
  const { account, passkey } = await person(at, 'Alice')
  const mine = await session(at, account, passkey)
  const made = await at.identity.createGitPassword({
    account: account.id,
    device: passkey.id,
    session: mine.id,
    now: at.clock.now,
    evidence: {},
  })
  assert.ok(made.ok)
  assert.match(made.value.secret, /^csp_[A-Za-z0-9_-]{43}$/)
  await at.identity.revokeGitPassword(made.value.password.id, 'test')
  assert.equal(at.identity.byGitPassword(made.value.secret, at.clock.now), undefined)
  const late = await at.identity.createGitPassword({
    account: account.id,
    device: passkey.id,
    session: mine.id,
    now: at.clock.now,
    evidence: {},
  })
  assert.ok(late.ok)
  at.clock.now += 21 * MINUTE
  assert.equal(at.identity.byGitPassword(late.value.secret, at.clock.now), undefined)
  assert.equal(at.identity.accountByName('aLICE')?.id, account.id)
  const twin = await at.identity.createAccount({
    name: 'ALICE',
    email: 'b@x',
    forgeId: 999,
    admin: false,
    by: 'test',
  })
  assert.ok(!twin.ok)
  const foreign = await person(at, 'bob')
  const crossed = await at.identity.createGitPassword({
    account: account.id,
    device: foreign.passkey.id,
    session: mine.id,
    now: at.clock.now,
    evidence: {},
  })
  assert.ok(!crossed.ok && crossed.error.reason === 'proof-invalid')
})

test('a git password ends with the session in which it was asked for, and not with another', async () => {
  const at = await world()
  const { account, passkey } = await person(at, 'alice')
  const [mine, other] = [await session(at, account, passkey), await session(at, account, passkey)]
  const make = async (from: typeof mine.id): Promise<string> => {
    const made = await at.identity.createGitPassword({
      account: account.id,
      device: passkey.id,
      session: from,
      now: at.clock.now,
      evidence: {},
    })
    assert.ok(made.ok)
    return made.value.secret
  }
  const [ends, stays] = [await make(mine.id), await make(other.id)]
  const told: string[] = []
  at.identity.onRevoke(({ kind }) => told.push(kind))
  await at.identity.endSession(mine.id, 'test')
  assert.deepEqual(told, ['session', 'git-password'])
  assert.equal(at.identity.byGitPassword(ends, at.clock.now), undefined)
  assert.ok(at.identity.byGitPassword(stays, at.clock.now))
  const again = await at.again()
  assert.equal(again.byGitPassword(ends, at.clock.now), undefined)
  assert.ok(again.byGitPassword(stays, at.clock.now))
  const late = await at.identity.createGitPassword({
    account: account.id,
    device: passkey.id,
    session: mine.id,
    now: at.clock.now,
    evidence: {},
  })
  assert.ok(!late.ok && late.error.reason === 'not-signed-in')
})

test('signing in again in the same browser keeps the git passwords of the same person, and of nobody else', async () => {
  const at = await world()
  const { account, passkey } = await person(at, 'alice')
  const bob = await person(at, 'bob')
  for (const [other, key, keeps] of [
    [account, passkey, true],
    [bob.account, bob.passkey, false],
  ] as const) {
    const before = await session(at, account, passkey)
    const made = await at.identity.createGitPassword({
      account: account.id,
      device: passkey.id,
      session: before.id,
      now: at.clock.now,
      evidence: {},
    })
    assert.ok(made.ok)
    const next = await session(at, other, key)
    await at.identity.endSession(before.id, 'sign-in', next.id)
    for (const identity of [at.identity, await at.again()])
      assert.equal(identity.byGitPassword(made.value.secret, at.clock.now) !== undefined, keeps)
    await at.identity.endSession(next.id, 'sign-out')
    assert.equal(at.identity.byGitPassword(made.value.secret, at.clock.now), undefined)
  }
})
