import { randomSecret, sha256Hex } from '../core/crypto.ts'
import { type SessionId, sessionId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Core } from './core.ts'
import type { Identity, Principal, Session } from './identity.ts'
import { standing } from './standing.ts'
import { forget } from './state.ts'

const PARENT_ENDED = refusal('not-signed-in', 'The sign-in behind this has ended.', 'Sign in again.')
/** A session is written down as seen at most this often, ms. */
const TOUCH_EVERY = 1000

/** Browser sessions: opaque, pinned to the device that opened them, with idle and absolute limits. */
export function sessions(core: Core): Pick<
  Identity,
  'bySession' | 'bySessionHash' | 'sessions' | 'openSession' | 'endSession'
> & {
  flush(): Promise<void>
} {
  const { state, limits, change } = core
  const touched = new Set<SessionId>()

  const alive = ({ door, lastSeenAt, expiresAt }: Session, now: number): boolean =>
    expiresAt > now && now - lastSeenAt <= (door === 'portal' ? limits.portalIdle : limits.forgeIdle)

  const bySessionHash: Identity['bySessionHash'] = (door, hash, now) => {
    const session = state.sessions.find(hash)
    if (session?.door !== door || !alive(session, now)) return undefined
    const opened = session.parent === null ? session : state.sessions.get(session.parent)
    const account = state.accounts.get(session.account)
    const device = state.devices.get(session.device)?.device
    if (!opened || account?.state !== 'active' || device?.state !== 'active') return undefined
    if (now - session.lastSeenAt > TOUCH_EVERY) {
      state.sessions.replace({ ...session, lastSeenAt: now })
      touched.add(session.id)
    }
    const principal: Principal = {
      account,
      device,
      via: 'session',
      credential: session.id,
      provenAt: opened.createdAt, // when the device signed, not when the forge session was handed over
      uv: session.uv,
    }
    return { principal, session }
  }

  return {
    bySessionHash,
    bySession: (door, secret, now) => bySessionHash(door, sha256Hex(secret), now), // `secret` is the attacker's

    sessions: (account) =>
      state.sessions.all().filter((session) => session.account === account && alive(session, core.now())),

    async openSession({ door, parent, account, device, uv, userAgent, evidence, now }) {
      const above = parent === null ? undefined : state.sessions.get(parent)
      if (parent !== null && (above?.account !== account || above.device !== device)) return err(PARENT_ENDED)
      const secret = `css_${randomSecret()}`
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
          const inactive = await standing(write, account, device)
          if (inactive) return inactive
          const sessions = write.selectFrom('session').select('id')
          if (parent !== null && !(await sessions.where('id', '=', parent).executeTakeFirst()))
            return PARENT_ENDED
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
          state.sessions.put(session, hash)
          return []
        },
      )
      return done.ok ? ok({ secret, session }) : done
    },

    async endSession(id, by, successor) {
      const session = state.sessions.get(id)
      if (!session) return
      const next = successor === undefined ? undefined : state.sessions.get(successor)
      const heir = next?.account === session.account ? next.id : null
      await change(
        {
          type: 'session.end',
          account: session.account,
          payload: { session: id, account: session.account, by },
        },
        async (write) => {
          await write.deleteFrom('session').where('id', '=', id).execute() // its forge sessions cascade
          const passwords = write.updateTable('git_password').where('session_id', '=', id)
          await (heir === null
            ? passwords.set({ revoked_at: core.now() }).where('revoked_at', 'is', null)
            : passwords.set({ session_id: heir })
          ).execute()
          return undefined
        },
        () => {
          if (heir !== null)
            for (const password of state.passwords.all())
              if (password.session === id) state.passwords.replace({ ...password, session: heir })
          return forget(state, (opened) =>
            'door' in opened
              ? opened.id === id || opened.parent === id
              : 'session' in opened && opened.session === id,
          )
        },
      )
    },

    async flush() {
      if (touched.size === 0) return
      const ids = [...touched]
      touched.clear()
      await core.store.transaction(async (write) => {
        for (const id of ids) {
          const seen = state.sessions.get(id)?.lastSeenAt
          if (seen !== undefined)
            await write.updateTable('session').set({ last_seen_at: seen }).where('id', '=', id).execute()
        }
      })
    },
  }
}
