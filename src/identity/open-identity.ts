import type { AccountId, Device } from '../core/identity.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Store } from '../store/store.ts'
import { accounts } from './accounts.ts'
import { createCore, type IdentityLimits } from './core.ts'
import { devices } from './devices.ts'
import { gitPasswords } from './git-passwords.ts'
import type { Identity, Revocation } from './identity.ts'
import { invitations } from './invitations.ts'
import { sessions } from './sessions.ts'
import { credentialKey, foldName, readState, revoked, takeOver } from './state.ts'

/** How often another process's changes are looked for, ms. */
const LOOK_EVERY = 500
const FLUSH_EVERY = 60_000

/** Read everything, and keep answering from memory. See {@link Identity} for the contract. */
export async function openIdentity(deps: {
  store: Store
  ledger: Ledger
  now: () => number
  limits: IdentityLimits
}): Promise<Identity> {
  const { store, ledger, now, limits } = deps
  const listeners = new Set<(revocation: Revocation) => void>()
  const state = await readState(store.db, now())
  let epoch = 1
  let seen = store.changes()

  const changed = (revocations: readonly Revocation[]): void => {
    epoch++
    for (const revocation of revocations) for (const listener of listeners) listener(revocation)
  }
  const core = createCore({ state, store, ledger, limits, now, changed })
  const links = await invitations(core)
  const people = sessions(core)

  const ofAccount = (account: AccountId): Device[] =>
    [...state.devices.values()].map(({ device }) => device).filter((device) => device.account === account)

  /** Another process (the host's command line) committed: read anew, and cut what has ended. */
  async function look(): Promise<void> {
    const latest = store.changes()
    if (latest === seen) return
    seen = latest
    let gone: readonly Revocation[] = []
    // In a transaction, so that no change of our own falls between reading and taking over.
    await store.transaction(async (write) => {
      const fresh = await readState(write, now())
      gone = revoked(state, fresh)
      takeOver(state, fresh)
    })
    await links.reread()
    changed(gone)
  }
  let looking: Promise<void> = Promise.resolve()
  const poll = setInterval(() => {
    looking = looking.then(look).catch(() => {})
  }, LOOK_EVERY).unref()
  const flush = setInterval(() => void people.flush().catch(() => {}), FLUSH_EVERY).unref()

  return {
    get epoch() {
      return epoch
    },
    account: (id) => state.accounts.get(id),
    accountByName(name) {
      const id = state.accountsByName.get(foldName(name))
      return id === undefined ? undefined : state.accounts.get(id)
    },
    accounts: () => [...state.accounts.values()],
    device: (id) => state.devices.get(id)?.device,
    deviceByCredential(kind, credential) {
      const id = state.devicesByCredential.get(credentialKey(kind, credential))
      return id === undefined ? undefined : state.devices.get(id)?.device
    },
    devices: ofAccount,
    activeDevices: (account) => ofAccount(account).filter((device) => device.state === 'active'),
    transports: (id) => state.devices.get(id)?.transports ?? [],
    sessions: (account) =>
      [...state.sessions.values()].filter(
        (session) => session.account === account && session.expiresAt > now(),
      ),
    gitPasswords: (account) =>
      [...state.passwords.values()].filter(
        (password) => password.account === account && password.expiresAt > now(),
      ),
    ...accounts(core),
    ...devices(core, links),
    invite: links.invite,
    invitation: links.invitation,
    bySession: people.bySession,
    openSession: people.openSession,
    endSession: people.endSession,
    ...gitPasswords(core),
    onRevoke(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      clearInterval(poll)
      clearInterval(flush)
      await looking
      await people.flush()
    },
  }
}
