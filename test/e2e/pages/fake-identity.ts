import { randomSecret } from '../../../src/core/crypto.ts'
import { type Account, accountId, type Device, deviceId, sessionId } from '../../../src/core/identity.ts'
import { refusal } from '../../../src/core/refusal.ts'
import { err, ok } from '../../../src/core/result.ts'
import { newToken } from '../../../src/core/token-text.ts'
import type { ApiToken, GitPassword, Identity, Session } from '../../../src/identity/identity.ts'

const HOUR = 3_600_000

/** An `Identity` in memory, as far as pages look at it. `log` names every change in order. */
export interface FakeIdentity extends Identity {
  readonly log: string[]
  seedAccount(account: Partial<Account> & { name: string }): Account
  seedDevice(device: Partial<Device> & { account: Account['id'] }): Device
  seedInvitation(secret: string, account: Account, kind?: 'invitation' | 'recovery'): void
  /** As when it was idle for too long: nobody is told. */
  forgetSession(id: string): void
  seedSession(account: Account, device: Device, more?: Partial<Session>): { secret: string; session: Session }
}

export function fakeIdentity(now: () => number): FakeIdentity {
  const accounts = new Map<string, Account>()
  const devices = new Map<string, Device>()
  const sessions = new Map<string, Session>()
  const secrets = new Map<string, string>()
  const passwords = new Map<string, GitPassword>()
  const tokens = new Map<string, ApiToken>()
  const links = new Map<string, { id: string; account: Account; kind: 'invitation' | 'recovery' }>()
  const log: string[] = []
  const listeners = new Set<Parameters<Identity['onRevoke']>[0]>()
  let n = 0

  const change = (what: string): void => {
    log.push(what)
    identity.epoch++
  }
  const identity = {
    epoch: 0,
    log,
    seedAccount(account: Partial<Account> & { name: string }): Account {
      const made: Account = {
        id: accountId(`a${++n}`),
        email: `${account.name}@example.com`,
        forgeId: n,
        admin: false,
        state: 'active',
        ...account,
      }
      accounts.set(made.id, made)
      return made
    },
    seedDevice(device: Partial<Device> & { account: Account['id'] }): Device {
      const made: Device = {
        id: deviceId(`d${++n}`),
        kind: 'webauthn',
        name: 'blue key',
        state: 'active',
        credential: `credential-${n}`,
        publicKey: new Uint8Array(),
        counter: 0,
        backupEligible: false,
        enrolledBy: 'invitation:i1',
        createdAt: now() - 90 * 24 * HOUR,
        lastUsedAt: now() - HOUR,
        ...device,
      }
      devices.set(made.id, made)
      return made
    },
    seedInvitation(secret: string, account: Account, kind: 'invitation' | 'recovery' = 'invitation'): void {
      links.set(secret, { id: `i${++n}`, account, kind })
    },
    seedSession(
      account: Account,
      device: Device,
      more: Partial<Session> = {},
    ): { secret: string; session: Session } {
      const secret = randomSecret()
      const session: Session = {
        id: sessionId(`s${++n}`),
        door: 'portal',
        parent: null,
        account: account.id,
        device: device.id,
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36',
        createdAt: now() - HOUR,
        lastSeenAt: now(),
        expiresAt: now() + 11 * HOUR,
        uv: true,
        ...more,
      }
      sessions.set(session.id, session)
      secrets.set(secret, session.id)
      return { secret, session }
    },

    forgetSession: (id: string): void => void sessions.delete(id),

    account: (id: string) => accounts.get(id),
    accountByName: (name: string) => [...accounts.values()].find((account) => account.name === name),
    accounts: () => [...accounts.values()],
    device: (id: string) => devices.get(id),
    deviceByCredential: (kind: string, credential: string) =>
      [...devices.values()].find((device) => device.kind === kind && device.credential === credential),
    devices: (account: string) => [...devices.values()].filter((device) => device.account === account),
    activeDevices: (account: string) => identity.devices(account).filter(({ state }) => state === 'active'),
    transports: () => ['usb'],

    /** The portal looks sessions up by their secret; no door of the forge is here. */
    bySessionHash: () => undefined,
    bySession(door: Session['door'], secret: string, at: number) {
      const session = sessions.get(secrets.get(secret) ?? '')
      if (!session || session.door !== door || session.expiresAt <= at) return undefined
      const account = accounts.get(session.account)
      const device = devices.get(session.device)
      if (account?.state !== 'active' || device?.state !== 'active') return undefined
      return {
        session,
        principal: {
          account,
          device,
          via: 'session' as const,
          credential: session.id,
          provenAt: session.createdAt,
          uv: session.uv,
        },
      }
    },
    byGitPassword: () => undefined,
    byToken: () => undefined,
    tokenLife: 30 * 24 * HOUR,
    apiTokens: (account: string) => [...tokens.values()].filter((token) => token.account === account),
    async createToken({ now: at, evidence: _, ...input }: Parameters<Identity['createToken']>[0]) {
      change(`createToken ${input.account} ${input.device} ${JSON.stringify(input.scope)}`)
      const token: ApiToken = { id: `t${++n}`, createdAt: at, ...input }
      tokens.set(token.id, token)
      return ok({ secret: newToken(), token })
    },
    async endToken(id: string, by: string) {
      change(`endToken ${id} ${by}`)
      tokens.delete(id)
    },
    sessions: (account: string) => [...sessions.values()].filter((session) => session.account === account),
    gitPasswords: (account: string) =>
      [...passwords.values()].filter((password) => password.account === account),

    async createAccount(input: Pick<Account, 'name' | 'email' | 'forgeId' | 'admin'>) {
      change(`createAccount ${input.name}`)
      return ok(identity.seedAccount(input))
    },
    async renameAccount(id: string, name: string) {
      change(`renameAccount ${id} ${name}`)
      const account = { ...accounts.get(id)!, name }
      accounts.set(id, account)
      return ok(account)
    },
    async setAccountState(id: string, state: Account['state'], by: string) {
      change(`setAccountState ${id} ${state} ${by}`)
      const account = { ...accounts.get(id)!, state }
      accounts.set(id, account)
      return ok(account)
    },
    async invite(account: Account['id']) {
      const secret = `csl_${randomSecret()}`
      change(`invite ${account}`)
      identity.seedInvitation(secret, accounts.get(account)!)
      return ok({ secret, expiresAt: now() + 24 * HOUR })
    },
    invitation: (secret: string) => links.get(secret),
    async addDevice(device: Omit<Device, 'id' | 'state' | 'createdAt' | 'lastUsedAt'>) {
      change(`addDevice ${device.name}`)
      return ok(identity.seedDevice({ ...device, createdAt: now(), lastUsedAt: null }))
    },
    async renameDevice(id: string, name: string) {
      change(`renameDevice ${id} ${name}`)
      const device = { ...devices.get(id)!, name }
      devices.set(id, device)
      return ok(device)
    },
    async setDeviceState(id: string, state: Device['state'], by: string) {
      change(`setDeviceState ${id} ${state} ${by}`)
      const device = devices.get(id)
      if (!device) return err(refusal('not-found', 'There is no such device.'))
      devices.set(id, { ...device, state })
      return ok({ ...device, state })
    },
    async deviceUsed() {},
    async openSession(input: Parameters<Identity['openSession']>[0]) {
      change(`openSession ${input.door} ${input.account} ${input.device}`)
      return ok(
        identity.seedSession(accounts.get(input.account)!, devices.get(input.device)!, {
          door: input.door,
          parent: input.parent,
          uv: input.uv,
          userAgent: input.userAgent,
          createdAt: input.now,
        }),
      )
    },
    async endSession(id: string, by: string) {
      change(`endSession ${id} ${by}`)
      const account = sessions.get(id)?.account
      for (const session of sessions.values())
        if (session.id === id || session.parent === id) sessions.delete(session.id)
      if (account)
        for (const listener of listeners) listener({ kind: 'session', account, session: sessionId(id) })
    },
    async createGitPassword(input: Parameters<Identity['createGitPassword']>[0]) {
      change(`createGitPassword ${input.account} ${input.device}`)
      const password = {
        id: `p${++n}`,
        account: input.account,
        device: input.device,
        session: input.session,
        createdAt: input.now,
        expiresAt: input.now + 12 * HOUR,
      }
      passwords.set(password.id, password)
      return ok({ secret: `csp_${randomSecret()}`, password })
    },
    async revokeGitPassword(id: string, by: string) {
      change(`revokeGitPassword ${id} ${by}`)
      passwords.delete(id)
    },
    onRevoke(listener: Parameters<Identity['onRevoke']>[0]) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async close() {},
  }
  return identity as FakeIdentity
}
