import type { TokenScope } from '../core/action/token-scope.ts'
import { type Account, accountId, type Device, deviceId, sessionId } from '../core/identity.ts'
import type { Schema } from '../store/schema.ts'
import type { ApiToken, GitPassword, Session } from './identity.ts'
import type { KnownDevice, Link } from './state.ts'

// From rows to what the project speaks of; the one place that knows both spellings.

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
  const device: Device = {
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
  }
  return { device, transports: JSON.parse(row.transports) as string[] }
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
    session: row.session_id === null ? null : sessionId(row.session_id),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}

export function toToken(row: Schema['api_token']): ApiToken {
  return {
    id: row.id,
    account: accountId(row.account_id),
    device: deviceId(row.device_id),
    name: row.name,
    scope: JSON.parse(row.scope) as TokenScope,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}

export function toLink(row: Schema['invitation']): Link {
  return { id: row.id, kind: row.kind, account: accountId(row.account_id), expiresAt: row.expires_at }
}
