import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ed25519PrivateKey } from '../core/crypto.ts'
import type { Account, Device } from '../core/identity.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { verifyLedger } from '../ledger/verify-ledger.ts'
import { openSqlite } from '../store/sqlite/open-sqlite.ts'
import type { Store } from '../store/store.ts'
import type { Identity, Revocation } from './identity.ts'
import { openIdentity } from './open-identity.ts'

const dir = mkdtempSync(join(tmpdir(), 'identity-'))
after(() => rmSync(dir, { recursive: true, force: true }))
const MINUTE = 60_000
const EPOCH = 1_800_000_000_000
let count = 0

interface World {
  readonly identity: Identity
  readonly store: Store
  readonly vkey: string
  readonly clock: { now: number }
  readonly path: string
  again(): Promise<Identity>
}

async function world(): Promise<World> {
  const clock = { now: EPOCH }
  const path = join(dir, `${count++}.db`)
  const open = async (): Promise<{ identity: Identity; store: Store; vkey: string }> => {
    const store = await openSqlite(path)
    const now = (): number => clock.now
    const ledger = openLedger({ store, key: ed25519PrivateKey(Buffer.alloc(32, 1)), origin: 'x/ledger', now })
    const identity = await openIdentity({
      store,
      ledger,
      now,
      limits: {
        portalIdle: 10 * MINUTE,
        forgeIdle: 30 * MINUTE,
        absolute: 60 * MINUTE,
        gitPassword: 20 * MINUTE,
        link: 60 * MINUTE,
      },
    })
    after(async () => {
      await identity.close()
      await store.close()
    })
    return { identity, store, vkey: ledger.vkey }
  }
  const first = await open()
  return { ...first, clock, path, again: async () => (await open()).identity }
}

let forgeId = 1
async function person(
  { identity }: World,
  name: string,
  admin = false,
): Promise<{ account: Account; passkey: Device }> {
  const account = await identity.createAccount({
    name,
    email: `${name}@x`,
    forgeId: forgeId++,
    admin,
    by: 'test',
  })
  assert.ok(account.ok)
  return { account: account.value, passkey: await device(identity, account.value, `c-${name}`) }
}
/** The first by a link, the others by the first. */
async function device(identity: Identity, account: Account, credential: string): Promise<Device> {
  const [admits] = identity.activeDevices(account.id)
  const link = admits ? undefined : await linkOf(identity, account)
  const added = await identity.addDevice(
    {
      account: account.id,
      kind: 'webauthn',
      name: 'key',
      credential,
      publicKey: Buffer.from('k'),
      counter: 0,
      backupEligible: false,
      enrolledBy: admits ? `device:${admits.id}` : `invitation:${link}`,
    },
    { transports: ['usb'], evidence: {}, ...(link !== undefined && { invitation: link }) },
  )
  assert.ok(added.ok, JSON.stringify(added))
  return added.value
}
async function linkOf(
  identity: Identity,
  account: Account,
  kind: 'invitation' | 'recovery' = 'invitation',
): Promise<string> {
  const made = await identity.invite(account.id, kind, 'test', EPOCH)
  assert.ok(made.ok, JSON.stringify(made))
  return identity.invitation(made.value.secret, EPOCH)!.id
}
async function session(
  { identity, clock }: World,
  account: Account,
  by: Device,
  door: 'portal' | 'forge' = 'portal',
  parent: string | null = null,
): Promise<{ secret: string; id: never }> {
  const opened = await identity.openSession({
    door,
    parent: parent as never,
    account: account.id,
    device: by.id,
    uv: true,
    userAgent: 'test',
    now: clock.now,
  })
  assert.ok(opened.ok, JSON.stringify(opened))
  return { secret: opened.value.secret, id: opened.value.session.id as never }
}

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
  const made = await at.identity.createGitPassword({
    account: account.id,
    device: passkey.id,
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
    now: at.clock.now,
    evidence: {},
  })
  assert.ok(!crossed.ok && crossed.error.reason === 'proof-invalid')
})
