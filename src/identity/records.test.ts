import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EPOCH, passkey, world } from '../../test/support/identity-bed.ts'
import type { Result } from '../core/result.ts'

function must<T>(result: Result<T, unknown>): T {
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

test('every change is one entry, in the words of docs/formats/ledger-entry.md; no secret is anywhere', async () => {
  const { identity, store } = await world()
  const evidence = { statement: 'signed', signature: 'AA' }
  const secrets: string[] = []
  const keep = <T extends { readonly secret: string }>(made: T): T => {
    secrets.push(made.secret, made.secret.slice(4))
    return made
  }
  await identity.createAccount({ name: 'root', email: 'r@x', forgeId: 1, admin: true, by: 'start' })
  const alice = must(
    await identity.createAccount({ name: 'alice', email: 'a@x', forgeId: 2, admin: false, by: 'host' }),
  )
  const link = keep(must(await identity.invite(alice.id, 'invitation', 'device:x', EPOCH, evidence)))
  const { id } = identity.invitation(link.secret, EPOCH)!
  const key = must(
    await identity.addDevice(passkey(alice, 'c', `invitation:${id}`), {
      transports: ['usb'],
      invitation: id,
      evidence,
    }),
  )
  const opened = { account: alice.id, device: key.id, now: EPOCH, evidence }
  const session = keep(
    must(
      await identity.openSession({ ...opened, door: 'portal', parent: null, uv: true, userAgent: 'test' }),
    ),
  )
  const password = keep(must(await identity.createGitPassword({ ...opened, session: session.session.id })))
  await identity.revokeGitPassword(password.password.id, 'session:x')
  await identity.deviceUsed(key.id, 2, EPOCH)
  await identity.deviceUsed(key.id, 1, EPOCH)
  await identity.endSession(session.session.id, 'sign-out')
  keep(must(await identity.invite(alice.id, 'recovery', 'host', EPOCH)))
  must(await identity.setDeviceState(key.id, 'revoked', 'device:y', { force: true, evidence }))
  must(await identity.setAccountState(alice.id, 'disabled', 'device:y', evidence))

  const entries = await store.db
    .selectFrom('ledger_entry')
    .select(['type', 'payload', 'account_id'])
    .orderBy('idx')
    .execute()
  assert.deepEqual(
    entries.map(({ type, payload }) => [type, Object.keys(JSON.parse(Buffer.from(payload!).toString()))]),
    [
      ['account.create', ['account', 'admin', 'by', 'email']],
      ['account.create', ['account', 'admin', 'by', 'email']],
      ['invitation.create', ['account', 'by', 'evidence', 'expires', 'id', 'kind']],
      ['device.enrol', ['account', 'backupEligible', 'device', 'enrolledBy', 'evidence']],
      ['session.open', ['account', 'device', 'door', 'evidence', 'parent', 'session', 'uv']],
      ['git-password.create', ['account', 'device', 'evidence', 'expires', 'id', 'session']],
      ['git-password.revoke', ['account', 'by', 'id']],
      ['device.signal', ['account', 'device', 'known', 'seen', 'signal']],
      ['session.end', ['account', 'by', 'session']],
      ['recovery.create', ['account', 'by', 'expires', 'id', 'kind']],
      ['device.state', ['account', 'by', 'device', 'evidence', 'state']],
      ['account.state', ['account', 'by', 'evidence', 'state']],
    ],
  )
  assert.ok(entries.slice(1).every(({ account_id }) => account_id === alice.id))
  const enrolled = JSON.parse(Buffer.from(entries[3]!.payload!).toString())
  assert.deepEqual(enrolled.account, { id: alice.id, name: 'alice', forgeId: 2 })
  assert.deepEqual(enrolled.device, {
    id: key.id,
    kind: 'webauthn',
    name: 'key',
    credential: 'c',
    publicKey: Buffer.from('k').toString('base64'),
  })

  const tables = ['ledger_entry', 'session', 'git_password', 'invitation', 'device', 'account'] as const
  const rows = await Promise.all(tables.map((table) => store.db.selectFrom(table).selectAll().execute()))
  const dump = JSON.stringify(rows.flat(), (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  )
  assert.ok(dump.includes('sign-out'), 'the dump shows what payloads say')
  for (const secret of secrets) assert.ok(!dump.includes(secret))
})
