import type { TokenScope } from '../core/action/token-scope.ts'
import type { Account, AccountId, Device, DeviceId, SessionId } from '../core/identity.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Result } from '../core/result.ts'

export interface Session {
  readonly id: SessionId
  readonly door: 'portal' | 'forge'
  readonly parent: SessionId | null
  readonly account: AccountId
  readonly device: DeviceId
  readonly userAgent: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  readonly uv: boolean
}

/** A signed statement and what it takes to check it, for the ledger. */
export type Evidence = { readonly [key: string]: string }

/** Who is asking, as shown by a session cookie, a git password, a token or a connection of SSH. All were opened by `device`. */
export interface Principal {
  readonly account: Account
  readonly device: Device
  readonly via: 'session' | 'git-password' | 'token' | 'ssh'
  /** Id of the session, git password, token or connection, for revocation and the record. */
  readonly credential: string
  /** When the device last gave a proof for this credential, unix ms. */
  readonly provenAt: number
  readonly uv: boolean
}

export interface GitPassword {
  readonly id: string
  readonly account: AccountId
  readonly device: DeviceId
  /** The portal session in which it was asked for; it ends when that is ended, not when that runs out. */
  readonly session: SessionId | null
  readonly createdAt: number
  readonly expiresAt: number
}

/** A token for programs. The secret was shown once, and is nowhere. */
export interface ApiToken {
  readonly id: string
  readonly account: AccountId
  /** The device whose touch made it. */
  readonly device: DeviceId
  readonly name: string
  readonly scope: TokenScope
  readonly createdAt: number
  readonly expiresAt: number
}

/** What ended, so that whoever serves it can cut it at once. */
export type Revocation =
  | { readonly kind: 'account'; readonly account: AccountId }
  | { readonly kind: 'device'; readonly account: AccountId; readonly device: DeviceId }
  | { readonly kind: 'session'; readonly account: AccountId; readonly session: SessionId }
  | { readonly kind: 'git-password'; readonly account: AccountId; readonly id: string }
  | { readonly kind: 'token'; readonly account: AccountId; readonly id: string }

/**
 * Accounts, devices, sessions, git passwords and tokens. Reads are answered from memory (the hot path awaits nothing); every
 * change is written together with its ledger entry and only then seen by readers. A change made by another process
 * (the host's command line) is seen within a second.
 */
export interface Identity {
  /** Grows with every change; part of cache keys. */
  readonly epoch: number
  account(id: AccountId): Account | undefined
  /** Case-insensitive, as the forge folds names. */
  accountByName(name: string): Account | undefined
  accounts(): readonly Account[]
  device(id: DeviceId): Device | undefined
  deviceByCredential(kind: Device['kind'], credential: string): Device | undefined
  /** All devices of an account, any state, oldest first. */
  devices(account: AccountId): readonly Device[]
  activeDevices(account: AccountId): readonly Device[]
  transports(device: DeviceId): readonly string[]

  /**
   * The principal of a session cookie: undefined when unknown, idle too long, expired, or when its account or device
   * is not active. `now` is unix ms. Touches `lastSeenAt` in memory (written lazily).
   */
  bySession(
    door: Session['door'],
    secret: string,
    now: number,
  ): { principal: Principal; session: Session } | undefined
  /** The same by the SHA-256 of the secret, in hex, for a door that knows it already. */
  bySessionHash(
    door: Session['door'],
    hash: string,
    now: number,
  ): { principal: Principal; session: Session } | undefined
  /** The principal of a git password, under the same conditions. */
  byGitPassword(secret: string, now: number): Principal | undefined
  /** The principal of a token and the token itself, under the same conditions. */
  byToken(secret: string, now: number): { principal: Principal; token: ApiToken } | undefined
  sessions(account: AccountId): readonly Session[]
  gitPasswords(account: AccountId): readonly GitPassword[]
  /** Live tokens, oldest first. */
  apiTokens(account: AccountId): readonly ApiToken[]
  /** The longest life a token may have, ms. */
  readonly tokenLife: number

  createAccount(input: {
    name: string
    email: string
    forgeId: number
    admin: boolean
    by: string
  }): Promise<Result<Account, Refusal>>
  /**
   * The forge calls this person by another name now. Another account that still has that name here has a stale one, and is
   * set aside under a name that is nobody's until the forge is asked about it, too.
   */
  renameAccount(account: AccountId, name: string): Promise<Result<Account, Refusal>>
  setAccountState(
    account: AccountId,
    state: Account['state'],
    by: string,
    evidence?: Evidence,
  ): Promise<Result<Account, Refusal>>
  /** A one-time link's secret; its hash is kept. Older unused links of the same account end. */
  invite(
    account: AccountId,
    kind: 'invitation' | 'recovery',
    by: string,
    now: number,
    evidence?: Evidence,
  ): Promise<Result<{ secret: string; expiresAt: number }, Refusal>>
  /** The account a link is for, when it can still be used. */
  invitation(
    secret: string,
    now: number,
  ): { id: string; account: Account; kind: 'invitation' | 'recovery' } | undefined
  /**
   * Admit a device. What `enrolledBy` names must stand: `invitation:ID` or `recovery:ID` equals `invitation`, and that
   * link is used up in the same transaction; `device:ID` is an active device of the account. An invitation is for an
   * account without an active device.
   */
  addDevice(
    device: Omit<Device, 'id' | 'state' | 'createdAt' | 'lastUsedAt'>,
    options: {
      transports: readonly string[]
      invitation?: string
      evidence: { readonly [key: string]: string }
    },
  ): Promise<Result<Device, Refusal>>
  renameDevice(device: DeviceId, name: string): Promise<Result<Device, Refusal>>
  /** Revoking ends the device's sessions, git passwords and tokens in the same transaction. The last active passkey of an account is refused unless `force`. */
  setDeviceState(
    device: DeviceId,
    state: Device['state'],
    by: string,
    options?: { force?: boolean; evidence?: Evidence },
  ): Promise<Result<Device, Refusal>>
  /**
   * After a signature that holds: keep the newest counter. A counter that did not grow, or a passkey that changed its
   * backup eligibility, is recorded as `device.signal`, and refuses nothing.
   */
  deviceUsed(device: DeviceId, counter: number, now: number, backupEligible?: boolean): Promise<void>

  /** Open a session after a verified sign-in. The secret is returned once. */
  openSession(input: {
    door: Session['door']
    parent: SessionId | null
    account: AccountId
    device: DeviceId
    uv: boolean
    userAgent: string
    evidence?: { readonly [key: string]: string }
    now: number
  }): Promise<Result<{ secret: string; session: Session }, Refusal>>
  /**
   * End a session, every forge session hanging on it and every git password that was asked for in it. When the same person's
   * `successor` takes its place in the same browser, the git passwords hang on that one from then on.
   */
  endSession(session: SessionId, by: string, successor?: SessionId): Promise<void>
  createGitPassword(input: {
    account: AccountId
    device: DeviceId
    /** The portal session that asks for it. */
    session: SessionId
    now: number
    evidence: { readonly [key: string]: string }
  }): Promise<Result<{ secret: string; password: GitPassword }, Refusal>>
  revokeGitPassword(id: string, by: string): Promise<void>
  /** Make a token after a touch by `device`. The secret is returned once. It lives {@link tokenLife} at most. */
  createToken(input: {
    account: AccountId
    device: DeviceId
    name: string
    scope: TokenScope
    /** Unix ms. */
    expiresAt: number
    now: number
    evidence: Evidence
  }): Promise<Result<{ secret: string; token: ApiToken }, Refusal>>
  endToken(id: string, by: string): Promise<void>

  /** Called synchronously after a revocation took effect. Returns the unsubscribe function. */
  onRevoke(listener: (revocation: Revocation) => void): () => void
  close(): Promise<void>
}
