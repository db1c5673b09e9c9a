import assert from 'node:assert/strict'
import { after } from 'node:test'
import { ed25519PrivateKey } from '../../src/core/crypto.ts'
import type { Account, Device } from '../../src/core/identity.ts'
import type { Identity } from '../../src/identity/identity.ts'
import { openIdentity } from '../../src/identity/open-identity.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import type { Store } from '../../src/store/store.ts'
import { engine, type Fresh } from './engines.ts'

const made: Fresh[] = []
after(() => Promise.all(made.map((database) => database.remove())))
export const MINUTE = 60_000
export const EPOCH = 1_800_000_000_000

/** Identity on a store and a ledger of its own, with a clock that stands still. */
export interface World {
  readonly identity: Identity
  readonly store: Store
  readonly vkey: string
  readonly clock: { now: number }
  /** Another process on the same store, as the host's command line is. */
  again(): Promise<Identity>
}

export async function world(): Promise<World> {
  const clock = { now: EPOCH }
  const database = await engine.fresh()
  made.push(database)
  const open = async (): Promise<{ identity: Identity; store: Store; vkey: string }> => {
    const store = await database.open()
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
        token: 40 * MINUTE,
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
  return { ...first, clock, again: async () => (await open()).identity }
}

let forgeId = 1
export async function person(
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
/** A passkey as a ceremony hands it over. */
export function passkey(
  account: Account,
  credential: string,
  enrolledBy: string,
): Parameters<Identity['addDevice']>[0] {
  return {
    account: account.id,
    kind: 'webauthn',
    name: 'key',
    credential,
    publicKey: Buffer.from('k'),
    counter: 0,
    backupEligible: false,
    enrolledBy,
  }
}
/** The first by a link, the others by the first. */
export async function device(identity: Identity, account: Account, credential: string): Promise<Device> {
  const [admits] = identity.activeDevices(account.id)
  const link = admits ? undefined : await linkOf(identity, account)
  const added = await identity.addDevice(
    passkey(account, credential, admits ? `device:${admits.id}` : `invitation:${link}`),
    { transports: ['usb'], evidence: {}, ...(link !== undefined && { invitation: link }) },
  )
  assert.ok(added.ok, JSON.stringify(added))
  return added.value
}
export async function linkOf(
  identity: Identity,
  account: Account,
  kind: 'invitation' | 'recovery' = 'invitation',
): Promise<string> {
  const made = await identity.invite(account.id, kind, 'test', EPOCH)
  assert.ok(made.ok, JSON.stringify(made))
  return identity.invitation(made.value.secret, EPOCH)!.id
}
export async function session(
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
