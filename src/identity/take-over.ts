import type { Revocation } from './identity.ts'
import type { State } from './state.ts'

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
  for (const session of before.sessions.all()) {
    if (!after.sessions.get(session.id))
      out.push({ kind: 'session', account: session.account, session: session.id })
  }
  for (const password of before.passwords.all()) {
    if (!after.passwords.get(password.id))
      out.push({ kind: 'git-password', account: password.account, id: password.id })
  }
  for (const token of before.tokens.all()) {
    if (!after.tokens.get(token.id)) out.push({ kind: 'token', account: token.account, id: token.id })
  }
  return out
}

/** Make `state` say what `fresh` says, in place. What was seen of a session in memory is newer than its row. */
export function takeOver(state: State, fresh: State): void {
  for (const session of fresh.sessions.all()) {
    const known = state.sessions.get(session.id)
    if (known && known.lastSeenAt > session.lastSeenAt)
      fresh.sessions.replace({ ...session, lastSeenAt: known.lastSeenAt })
  }
  refill(state.accounts, fresh.accounts)
  refill(state.accountsByName, fresh.accountsByName)
  refill(state.devices, fresh.devices)
  refill(state.devicesByCredential, fresh.devicesByCredential)
  state.sessions.takeOver(fresh.sessions)
  state.passwords.takeOver(fresh.passwords)
  state.tokens.takeOver(fresh.tokens)
  state.links.takeOver(fresh.links)
}

function refill<K, V>(target: Map<K, V>, source: ReadonlyMap<K, V>): void {
  target.clear()
  for (const [key, value] of source) target.set(key, value)
}
