import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EPOCH, MINUTE, person, session, type World, world } from '../../test/support/identity-bed.ts'
import type { TokenScope } from '../core/action/token-scope.ts'
import type { Account, Device } from '../core/identity.ts'
import { newToken } from '../core/token-text.ts'
import type { ApiToken, Revocation } from './identity.ts'

const SCOPE: TokenScope = { may: ['read', 'ride'], repos: [{ id: 3, owner: 'acme', name: 'app' }] }

async function make(
  { identity, clock }: Pick<World, 'identity' | 'clock'>,
  account: Account,
  device: Device,
  more: { scope?: TokenScope; life?: number } = {},
): Promise<{ secret: string; token: ApiToken }> {
  const made = await identity.createToken({
    account: account.id,
    device: device.id,
    name: 'nightly',
    scope: more.scope ?? SCOPE,
    expiresAt: clock.now + (more.life ?? 10 * MINUTE),
    now: clock.now,
    evidence: {},
  })
  assert.ok(made.ok, made.ok ? '' : made.error.say)
  return made.value
}

describe('a token', () => {
  test('opens what its person made it for, and survives a restart; its secret is nowhere', async () => {
    const at = await world()
    const { account, passkey } = await person(at, 'alice')
    const { secret, token } = await make(at, account, passkey)
    for (const identity of [at.identity, await at.again()]) {
      const found = identity.byToken(secret, EPOCH + 1)
      assert.deepEqual(found?.token.scope, SCOPE)
      assert.equal(found?.principal.account.name, 'alice')
      assert.equal(found?.principal.via, 'token')
      assert.equal(found?.principal.uv, false)
      assert.deepEqual(
        identity.apiTokens(account.id).map(({ id }) => id),
        [token.id],
      )
    }
    const rows = await at.store.db.selectFrom('api_token').selectAll().execute()
    const entries = await at.store.db.selectFrom('ledger_entry').select(['type', 'payload']).execute()
    const dump =
      JSON.stringify(rows) + entries.map(({ payload }) => Buffer.from(payload!).toString()).join('')
    assert.ok(!dump.includes(secret) && !dump.includes(secret.slice(4, 44)))
    assert.ok(entries.some(({ type }) => type === 'token.create'))
  })

  test('is no git password and no session, and those are no token', async () => {
    const at = await world()
    const { account, passkey } = await person(at, 'alice')
    const { secret } = await make(at, account, passkey)
    assert.equal(at.identity.byGitPassword(secret, EPOCH), undefined)
    assert.equal(at.identity.bySession('portal', secret, EPOCH), undefined)
    const { id: portal } = await session(at, account, passkey)
    const input = { account: account.id, device: passkey.id, session: portal, now: EPOCH, evidence: {} }
    const password = await at.identity.createGitPassword(input)
    assert.ok(password.ok)
    for (const other of [password.value.secret, newToken(), '', secret.toLowerCase(), `${secret} `])
      assert.equal(at.identity.byToken(other, EPOCH), undefined)
  })

  test('ends with its time, which is bounded whatever was asked for', async () => {
    const at = await world()
    const { account, passkey } = await person(at, 'alice')
    const { secret } = await make(at, account, passkey)
    assert.ok(at.identity.byToken(secret, EPOCH + 10 * MINUTE - 1))
    assert.equal(at.identity.byToken(secret, EPOCH + 10 * MINUTE), undefined)
    const long = await make(at, account, passkey, { life: 1000 * MINUTE })
    assert.equal(long.token.expiresAt, EPOCH + 40 * MINUTE)
  })

  test('ends at once by a click, with its device, with its account; everybody is told, and it stays ended', async () => {
    const ends: readonly ((
      at: World,
      account: Account,
      device: Device,
      token: ApiToken,
    ) => Promise<unknown>)[] = [
      (at, _a, _d, token) => at.identity.endToken(token.id, 'test'),
      (at, _a, device) => at.identity.setDeviceState(device.id, 'suspended', 'test', { force: true }),
      (at, _a, device) => at.identity.setDeviceState(device.id, 'revoked', 'test', { force: true }),
      (at, account) => at.identity.setAccountState(account.id, 'disabled', 'test'),
    ]
    for (const [i, end] of ends.entries()) {
      const at = await world()
      const { account, passkey } = await person(at, 'alice')
      const told: Revocation[] = []
      at.identity.onRevoke((one) => told.push(one))
      const { secret, token } = await make(at, account, passkey)
      await end(at, account, passkey, token)
      assert.equal(at.identity.byToken(secret, EPOCH), undefined, `${i}`)
      assert.ok(
        told.some((one) => one.kind === 'token' && one.id === token.id),
        `${i}`,
      )
      if (i === 1) await at.identity.setDeviceState(passkey.id, 'active', 'test')
      if (i === 3) await at.identity.setAccountState(account.id, 'active', 'test')
      for (const identity of [at.identity, await at.again()]) {
        assert.equal(identity.byToken(secret, EPOCH), undefined, `${i}`)
        assert.deepEqual(identity.apiTokens(account.id), [])
      }
    }
  })

  test('does not end with a session: nobody need stay signed in for it', async () => {
    const at = await world()
    const { account, passkey } = await person(at, 'alice')
    const { id } = await session(at, account, passkey)
    const { secret } = await make(at, account, passkey)
    await at.identity.endSession(id, 'test')
    assert.ok(at.identity.byToken(secret, EPOCH))
  })

  test('ended by another process ends here, too', async () => {
    const at = await world()
    const { account, passkey } = await person(at, 'alice')
    const { secret, token } = await make(at, account, passkey)
    const told: Revocation[] = []
    at.identity.onRevoke((one) => told.push(one))
    await (await at.again()).endToken(token.id, 'host')
    for (let tries = 0; at.identity.byToken(secret, EPOCH) && tries < 60; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(at.identity.byToken(secret, EPOCH), undefined)
    assert.ok(told.some(({ kind }) => kind === 'token'))
  })

  test('is not made by another one’s device, by one that is not active, nor beyond what one may have', async () => {
    const at = await world()
    const alice = await person(at, 'alice')
    const bob = await person(at, 'bob')
    const input = {
      account: alice.account.id,
      name: 'x',
      scope: SCOPE,
      expiresAt: EPOCH + MINUTE,
      now: EPOCH,
      evidence: {},
    }
    assert.equal((await at.identity.createToken({ ...input, device: bob.passkey.id })).ok, false)
    const device = alice.passkey.id
    const many = await Promise.all(
      Array.from({ length: 60 }, () => at.identity.createToken({ ...input, device })),
    )
    assert.equal(many.filter(({ ok }) => ok).length, 50)
    await at.identity.setDeviceState(device, 'suspended', 'test', { force: true })
    assert.equal((await at.identity.createToken({ ...input, device })).ok, false)
    assert.deepEqual(at.identity.apiTokens(alice.account.id), [])
  })
})
