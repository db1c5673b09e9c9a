import { randomSecret, sha256Hex } from '../core/crypto.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Core } from './core.ts'
import type { GitPassword, Identity } from './identity.ts'
import { standing } from './standing.ts'

const SESSION_ENDED = refusal('not-signed-in', 'The session that asks for it has ended.', 'Sign in again.')
const NOT_YOURS = refusal('proof-invalid', 'That device is not yours.', 'Use one of your own.')

/** Short-lived passwords for git over HTTPS, shown once after a touch. */
export function gitPasswords({
  state,
  limits,
  now: clock,
  change,
}: Core): Pick<Identity, 'byGitPassword' | 'createGitPassword' | 'revokeGitPassword'> {
  return {
    byGitPassword(secret, now) {
      const password = state.passwords.find(sha256Hex(secret)) // `secret` is the attacker's
      if (!password || password.expiresAt <= now) return undefined
      const account = state.accounts.get(password.account)
      const device = state.devices.get(password.device)?.device
      if (account?.state !== 'active' || device?.state !== 'active') return undefined
      return {
        account,
        device,
        via: 'git-password',
        credential: password.id,
        provenAt: password.createdAt,
        uv: true, // it took a touch with UV to make it
      }
    },

    async createGitPassword({ account, device, session, now, evidence }) {
      if (state.devices.get(device)?.device.account !== account) return err(NOT_YOURS)
      if (state.sessions.get(session)?.account !== account) return err(SESSION_ENDED)
      const secret = `csp_${randomSecret()}`
      const hash = sha256Hex(secret)
      const password: GitPassword = {
        id: randomSecret(),
        account,
        device,
        session,
        createdAt: now,
        expiresAt: now + limits.gitPassword,
      }
      const done = await change(
        {
          type: 'git-password.create',
          account,
          payload: {
            id: password.id,
            account,
            device,
            session,
            expires: new Date(password.expiresAt).toISOString(),
            evidence,
          },
        },
        async (write) => {
          const inactive = await standing(write, account, device)
          if (inactive) return inactive
          const open = write.selectFrom('session').select('id').where('id', '=', session)
          if (!(await open.executeTakeFirst())) return SESSION_ENDED
          await write
            .insertInto('git_password')
            .values({
              id: password.id,
              secret_hash: hash,
              account_id: account,
              device_id: device,
              created_at: now,
              expires_at: password.expiresAt,
              revoked_at: null,
              session_id: session,
            })
            .execute()
          return undefined
        },
        () => {
          state.passwords.put(password, hash)
          return []
        },
      )
      return done.ok ? ok({ secret, password }) : done
    },

    async revokeGitPassword(id, by) {
      const password = state.passwords.get(id)
      if (!password) return
      await change(
        {
          type: 'git-password.revoke',
          account: password.account,
          payload: { id, account: password.account, by },
        },
        async (write) => {
          await write.updateTable('git_password').set({ revoked_at: clock() }).where('id', '=', id).execute()
          return undefined
        },
        () => (state.passwords.drop(id) ? [{ kind: 'git-password', account: password.account, id }] : []),
      )
    },
  }
}
