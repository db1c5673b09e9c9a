import type { Account, AccountId, Device, DeviceId, SessionId } from '../core/identity.ts'
import { accountId, deviceId, sessionId } from '../core/identity.ts'
import type { Schema } from '../store/schema.ts'
import type { Database, Write } from '../store/store.ts'
import type { GitPassword, Revocation, Session } from './identity.ts'

export interface KnownDevice {
  readonly device: Device
  readonly transports: readonly string[]
}

/** Everything identity answers from, in memory. Secrets are here only as their sha256. */
export interface State {
  readonly accounts: Map<AccountId, Account>
  readonly accountsByName: Map<string, AccountId>
  readonly devices: Map<DeviceId, KnownDevice>
  readonly devicesByCredential: Map<string, DeviceId>
  readonly sessions: Map<SessionId, Session>
  readonly sessionsBySecret: Map<string, SessionId>
  readonly passwords: Map<string, GitPassword>
  readonly passwordsBySecret: Map<string, string>
}

/** Names are compared as the forge compares them. */
export function foldName(name: string): string {
  return name.toLowerCase()
}

export function credentialKey(kind: Device['kind'], credential: string): string {
  return `${kind} ${credential}`
}

export function toAccount(row: Schema['account']): Account {
  return {
    id: accountId(row.id),
    name: row.name,
    email: row.email,
    forgeId: row.forge_id,
    admin: row.admin === 1,
    state: row.state,
  }
}

export function toDevice(row: Schema['device']): KnownDevice {
  return {
    device: {
      id: deviceId(row.id),
      account: accountId(row.account_id),
      kind: row.kind,
      name: row.name,
      state: row.state,
      credential: row.credential,
      publicKey: row.public_key,
      counter: row.counter,
      backupEligible: row.backup_eligible === 1,
      enrolledBy: row.enrolled_by,
      createdAt: row.created_at,
      lastUsedAt: row.last_used_at,
    },
    transports: JSON.parse(row.transports) as string[],
  }
}

export function toSession(row: Schema['session']): Session {
  return {
    id: sessionId(row.id),
    door: row.door,
    parent: row.parent_id === null ? null : sessionId(row.parent_id),
    account: accountId(row.account_id),
    device: deviceId(row.device_id),
    userAgent: row.user_agent,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    uv: row.uv === 1,
  }
}

export function toPassword(row: Schema['git_password']): GitPassword {
  return {
    id: row.id,
    account: accountId(row.account_id),
    device: deviceId(row.device_id),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}

/** Read everything that can still open something. */
export async function readState(db: Database | Write, now: number): Promise<State> {
  const state: State = {
    accounts: new Map(),
    accountsByName: new Map(),
    devices: new Map(),
    devicesByCredential: new Map(),
    sessions: new Map(),
    sessionsBySecret: new Map(),
    passwords: new Map(),
    passwordsBySecret: new Map(),
  }
  for (const row of await db.selectFrom('account').selectAll().execute()) putAccount(state, toAccount(row))
  for (const row of await db.selectFrom('device').selectAll().orderBy('created_at').execute())
    putDevice(state, toDevice(row))
  for (const row of await db.selectFrom('session').selectAll().where('expires_at', '>', now).execute())
    putSession(state, toSession(row), row.secret_hash)
  const passwords = db
    .selectFrom('git_password')
    .selectAll()
    .where('expires_at', '>', now)
    .where('revoked_at', 'is', null)
  for (const row of await passwords.execute()) putPassword(state, toPassword(row), row.secret_hash)
  return state
}

export function putAccount(state: State, account: Account): void {
  state.accounts.set(account.id, account)
  state.accountsByName.set(foldName(account.name), account.id)
}

export function putDevice(state: State, known: KnownDevice): void {
  state.devices.set(known.device.id, known)
  state.devicesByCredential.set(credentialKey(known.device.kind, known.device.credential), known.device.id)
}

export function putSession(state: State, session: Session, secretHash: string): void {
  state.sessions.set(session.id, session)
  state.sessionsBySecret.set(`${session.door} ${secretHash}`, session.id)
}

export function putPassword(state: State, password: GitPassword, secretHash: string): void {
  state.passwords.set(password.id, password)
  state.passwordsBySecret.set(secretHash, password.id)
}

/** What `after` no longer grants that `before` did. */
export function revoked(before: State, after: State): Revocation[] {
  const out: Revocation[] = []
  for (const account of before.accounts.values()) {
    if (account.state === 'active' && after.accounts.get(account.id)?.state !== 'active')
      out.push({ kind: 'account', account: account.id })
  }
  for (const { device } of before.devices.values()) {
    if (device.state === 'active' && after.devices.get(device.id)?.device.state !== 'active')
      out.push({ kind: 'device', account: device.account, device: device.id })
  }
  for (const session of before.sessions.values()) {
    if (!after.sessions.has(session.id))
      out.push({ kind: 'session', account: session.account, session: session.id })
  }
  for (const password of before.passwords.values()) {
    if (!after.passwords.has(password.id))
      out.push({ kind: 'git-password', account: password.account, id: password.id })
  }
  return out
}

/** Make `state` say what `fresh` says, in place. What was seen of a session in memory is newer than its row. */
export function takeOver(state: State, fresh: State): void {
  for (const session of fresh.sessions.values()) {
    const known = state.sessions.get(session.id)
    if (known && known.lastSeenAt > session.lastSeenAt)
      fresh.sessions.set(session.id, { ...session, lastSeenAt: known.lastSeenAt })
  }
  for (const key of Object.keys(state) as (keyof State)[]) {
    const target = state[key] as Map<unknown, unknown>
    target.clear()
    for (const [k, v] of fresh[key] as Map<unknown, unknown>) target.set(k, v)
  }
}
