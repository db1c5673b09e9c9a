import type { Account, AccountId, Device, DeviceId } from '../core/identity.ts'
import type { Database, Write } from '../store/store.ts'
import { type BySecret, bySecret } from './by-secret.ts'
import type { ApiToken, GitPassword, Revocation, Session } from './identity.ts'
import { toAccount, toDevice, toLink, toPassword, toSession, toToken } from './rows.ts'

export interface KnownDevice {
  readonly device: Device
  readonly transports: readonly string[]
}

/** A one-time link that can still be used. */
export interface Link {
  readonly id: string
  readonly kind: 'invitation' | 'recovery'
  readonly account: AccountId
  readonly expiresAt: number
}

/** Everything identity answers from, in memory. */
export interface State {
  readonly accounts: Map<AccountId, Account>
  readonly accountsByName: Map<string, AccountId>
  readonly devices: Map<DeviceId, KnownDevice>
  readonly devicesByCredential: Map<string, DeviceId>
  readonly sessions: BySecret<Session>
  readonly passwords: BySecret<GitPassword>
  readonly tokens: BySecret<ApiToken>
  readonly links: BySecret<Link>
}

/** Names are compared as the forge compares them. */
export function foldName(name: string): string {
  return name.toLowerCase()
}

export function credentialKey(kind: Device['kind'], credential: string): string {
  return `${kind} ${credential}`
}

/** Read everything that can still open something at `now` (unix ms). */
export async function readState(db: Database | Write, now: number): Promise<State> {
  const state: State = {
    accounts: new Map(),
    accountsByName: new Map(),
    devices: new Map(),
    devicesByCredential: new Map(),
    sessions: bySecret(),
    passwords: bySecret(),
    tokens: bySecret(),
    links: bySecret(),
  }
  for (const row of await db.selectFrom('account').selectAll().execute()) putAccount(state, toAccount(row))
  for (const row of await db.selectFrom('device').selectAll().orderBy('created_at').execute())
    putDevice(state, toDevice(row))
  for (const row of await db.selectFrom('session').selectAll().where('expires_at', '>', now).execute())
    state.sessions.put(toSession(row), row.secret_hash)
  const passwords = db.selectFrom('git_password').selectAll().where('expires_at', '>', now)
  for (const row of await passwords.where('revoked_at', 'is', null).execute())
    state.passwords.put(toPassword(row), row.secret_hash)
  const tokens = db.selectFrom('api_token').selectAll().where('expires_at', '>', now).orderBy('created_at')
  for (const row of await tokens.where('revoked_at', 'is', null).execute())
    state.tokens.put(toToken(row), row.secret_hash)
  const links = db.selectFrom('invitation').selectAll().where('expires_at', '>', now)
  for (const row of await links.where('used_at', 'is', null).execute())
    state.links.put(toLink(row), row.secret_hash)
  return state
}

export function putAccount(state: State, account: Account): void {
  const was = state.accounts.get(account.id)
  if (was && state.accountsByName.get(foldName(was.name)) === account.id)
    state.accountsByName.delete(foldName(was.name))
  state.accounts.set(account.id, account)
  state.accountsByName.set(foldName(account.name), account.id)
}

export function putDevice(state: State, known: KnownDevice): void {
  state.devices.set(known.device.id, known)
  state.devicesByCredential.set(credentialKey(known.device.kind, known.device.credential), known.device.id)
}

/** Change some of a device as it is known *now*: what was read before an await may be older than a revocation. */
export function patchDevice(state: State, id: DeviceId, changes: Partial<Device>): Device | undefined {
  const known = state.devices.get(id)
  if (!known) return undefined
  const device = { ...known.device, ...changes }
  putDevice(state, { device, transports: known.transports })
  return device
}

/** All devices of an account, oldest first. */
export function devicesOf(state: State, account: AccountId): Device[] {
  const found: Device[] = []
  for (const { device } of state.devices.values()) if (device.account === account) found.push(device)
  return found
}

/** What a device opened. */
export type Opened = Session | GitPassword | ApiToken

/** Forget the sessions, git passwords and tokens that `ended` picks; their rows are gone already. */
export function forget(state: State, ended: (opened: Opened) => boolean): Revocation[] {
  const out: Revocation[] = []
  for (const session of state.sessions.all()) {
    if (ended(session) && state.sessions.drop(session.id))
      out.push({ kind: 'session', account: session.account, session: session.id })
  }
  for (const password of state.passwords.all()) {
    if (ended(password) && state.passwords.drop(password.id))
      out.push({ kind: 'git-password', account: password.account, id: password.id })
  }
  for (const token of state.tokens.all()) {
    if (ended(token) && state.tokens.drop(token.id))
      out.push({ kind: 'token', account: token.account, id: token.id })
  }
  return out
}
