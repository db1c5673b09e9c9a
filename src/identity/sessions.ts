import { randomSecret, sha256Hex } from '../core/crypto.ts'
import { type SessionId, sessionId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Core } from './core.ts'
import type { Identity, Principal, Revocation, Session } from './identity.ts'
import { putSession } from './state.ts'

/** Browser sessions: opaque, pinned to the device that opened them, with idle and absolute limits. */
export function sessions(
  core: Core,
): Pick<Identity, 'bySession' | 'openSession' | 'endSession'> & { flush(): Promise<void> } {
  const { state, limits, change } = core
  const touched = new Set<SessionId>()

  /** The session and every forge session that hangs on it. */
  const family = (id: SessionId): Session[] =>
    [...state.sessions.values()].filter((session) => session.id === id || session.parent === id)

  return {
    bySession(door, secret, now) {
      const id = state.sessionsBySecret.get(`${door} ${sha256Hex(secret)}`) // `secret` is the attacker's
      const session = id === undefined ? undefined : state.sessions.get(id)
      if (!session || session.expiresAt <= now) return undefined
      if (now - session.lastSeenAt > (door === 'portal' ? limits.portalIdle : limits.forgeIdle))
        return undefined
      const account = state.accounts.get(session.account)
      const device = state.devices.get(session.device)?.device
      if (account?.state !== 'active' || device?.state !== 'active') return undefined
      if (now - session.lastSeenAt > 1000) {
        ;(session as { lastSeenAt: number }).lastSeenAt = now
        touched.add(session.id)
      }
      const opened = session.parent === null ? session : (state.sessions.get(session.parent) ?? session)
      const principal: Principal = {
        account,
        device,
        via: 'session',
        credential: session.id,
        provenAt: opened.createdAt,
        uv: session.uv,
      }
      return { principal, session }
    },

    async openSession({ door, parent, account, device, uv, userAgent, evidence, now }) {
      const opener = state.devices.get(device)?.device
      if (state.accounts.get(account)?.state !== 'active')
        return err(refusal('account-inactive', 'This account is disabled.', 'Ask an administrator.'))
      if (opener?.state !== 'active' || opener.account !== account)
        return err(refusal('device-inactive', 'This device is not active.', 'Use another of your devices.'))
      const above = parent === null ? undefined : state.sessions.get(parent)
      if (parent !== null && !above)
        return err(refusal('not-signed-in', 'The sign-in behind this has ended.', 'Sign in again.'))
      const secret = randomSecret()
      const hash = sha256Hex(secret)
      const session: Session = {
        id: sessionId(randomSecret()),
        door,
        parent,
        account,
        device,
        userAgent,
        createdAt: now,
        lastSeenAt: now,
        expiresAt: Math.min(now + limits.absolute, above?.expiresAt ?? Number.POSITIVE_INFINITY),
        uv,
      }
      const done = await change(
        {
          type: 'session.open',
          account,
          payload: { session: session.id, door, parent, account, device, uv, evidence: evidence ?? {} },
        },
        async (write) => {
          await write
            .insertInto('session')
            .values({
              id: session.id,
              secret_hash: hash,
              door,
              parent_id: parent,
              account_id: account,
              device_id: device,
              user_agent: userAgent,
              created_at: now,
              last_seen_at: now,
              expires_at: session.expiresAt,
              uv: uv ? 1 : 0,
            })
            .execute()
          return undefined
        },
        () => {
          putSession(state, session, hash)
          return []
        },
      )
      return done.ok ? ok({ secret, session }) : done
    },

    async endSession(id, by) {
      const session = state.sessions.get(id)
      if (!session) return
      await change(
        {
          type: 'session.end',
          account: session.account,
          payload: { session: id, account: session.account, by },
        },
        async (write) => {
          await write.deleteFrom('session').where('id', '=', id).execute()
          return undefined
        },
        (): Revocation[] =>
          family(id).map((gone) => {
            state.sessions.delete(gone.id)
            return { kind: 'session', account: gone.account, session: gone.id }
          }),
      )
    },

    async flush() {
      if (touched.size === 0) return
      const ids = [...touched]
      touched.clear()
      await core.store.transaction(async (write) => {
        for (const id of ids) {
          const session = state.sessions.get(id)
          if (session)
            await write
              .updateTable('session')
              .set({ last_seen_at: session.lastSeenAt })
              .where('id', '=', id)
              .execute()
        }
      })
    },
  }
}
