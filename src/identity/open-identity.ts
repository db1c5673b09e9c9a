import type { Ledger } from '../ledger/ledger.ts'
import type { Store } from '../store/store.ts'
import { accounts } from './accounts.ts'
import { apiTokens } from './api-tokens.ts'
import { createCore, type IdentityLimits } from './core.ts'
import { deviceUse } from './device-use.ts'
import { devices } from './devices.ts'
import { expire } from './expire.ts'
import { gitPasswords } from './git-passwords.ts'
import type { Identity, Revocation } from './identity.ts'
import { invitations } from './invitations.ts'
import { sessions } from './sessions.ts'
import { credentialKey, devicesOf, foldName, readState } from './state.ts'
import { revoked, takeOver } from './take-over.ts'

/** How often another process's changes are looked for, ms. */
const LOOK_EVERY = 500
const TIDY_EVERY = 60_000

/** Read everything, and keep answering from memory. See {@link Identity} for the contract. */
export async function openIdentity(deps: {
  store: Store
  ledger: Ledger
  now: () => number
  limits: IdentityLimits
}): Promise<Identity> {
  const { store, ledger, now, limits } = deps
  const listeners = new Set<(revocation: Revocation) => void>()
  let seen = store.changes() // before reading: what is committed meanwhile is looked at again
  const state = await readState(store.db, now())
  let epoch = 1

  function changed(revocations: readonly Revocation[]): void {
    epoch++
    for (const revocation of revocations) for (const listener of listeners) tell(listener, revocation)
  }
  const core = createCore({ state, store, ledger, limits, now, changed })
  const people = sessions(core)

  /** Another process (the host's command line) committed: read anew, and cut what has ended. */
  async function look(): Promise<void> {
    const latest = store.changes()
    if (latest === seen) return
    let gone: readonly Revocation[] = []
    // In a transaction, so that no change of our own falls between reading and taking over.
    await store.transaction(async (write) => {
      const fresh = await readState(write, now())
      gone = revoked(state, fresh)
      takeOver(state, fresh)
    })
    seen = latest
    changed(gone)
  }
  async function tidy(): Promise<void> {
    await people.flush()
    const ended = expire(state, now())
    if (ended.length > 0) changed(ended)
  }
  // One after the other, and a failure (a busy or full disk) is tried again at the next turn.
  let working: Promise<void> = Promise.resolve()
  const queue = (work: () => Promise<void>): void => {
    working = working.then(work).catch(() => {})
  }
  const timers = [setInterval(queue, LOOK_EVERY, look).unref(), setInterval(queue, TIDY_EVERY, tidy).unref()]

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
    devices: (account) => devicesOf(state, account),
    activeDevices: (account) => devicesOf(state, account).filter((device) => device.state === 'active'),
    transports: (id) => state.devices.get(id)?.transports ?? [],
    gitPasswords: (account) =>
      state.passwords.all().filter((one) => one.account === account && one.expiresAt > now()),
    ...accounts(core),
    ...devices(core),
    ...deviceUse(core),
    ...invitations(core),
    bySession: people.bySession,
    bySessionHash: people.bySessionHash,
    sessions: people.sessions,
    openSession: people.openSession,
    endSession: people.endSession,
    ...gitPasswords(core),
    ...apiTokens(core),
    onRevoke(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      await working
      await people.flush()
    },
  }
}

/** A listener that throws is a bug of its own: the others are told all the same, and what took effect stays in effect. */
function tell(listener: (revocation: Revocation) => void, revocation: Revocation): void {
  try {
    listener(revocation)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
