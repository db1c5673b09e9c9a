import { randomSecret, sha256Hex } from '../core/crypto.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Core } from './core.ts'
import type { GitPassword, Identity } from './identity.ts'
import { putPassword } from './state.ts'

/** Short-lived passwords for git over HTTPS, shown once after a touch. */
export function gitPasswords({
  state,
  limits,
  now: clock,
  change,
}: Core): Pick<Identity, 'byGitPassword' | 'createGitPassword' | 'revokeGitPassword'> {
  return {
    byGitPassword(secret, now) {
      const id = state.passwordsBySecret.get(sha256Hex(secret)) // `secret` is the attacker's
      const password = id === undefined ? undefined : state.passwords.get(id)
      if (!password || password.expiresAt <= now) return undefined
      const account = state.accounts.get(password.account)
      const device = state.devices.get(password.device)?.device
      if (account?.state !== 'active' || device?.state !== 'active') return undefined
      // It takes a touch with UV to make one.
      return {
        account,
        device,
        via: 'git-password',
        credential: password.id,
        provenAt: password.createdAt,
        uv: true,
      }
    },

    async createGitPassword({ account, device, now, evidence }) {
      if (state.devices.get(device)?.device.account !== account)
        return err(refusal('proof-invalid', 'That device is not yours.'))
      const secret = `csp_${randomSecret()}`
      const hash = sha256Hex(secret)
      const password: GitPassword = {
        id: randomSecret(),
        account,
        device,
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
            expires: new Date(password.expiresAt).toISOString(),
            evidence,
          },
        },
        async (write) => {
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
            })
            .execute()
          return undefined
        },
        () => {
          putPassword(state, password, hash)
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
        () => {
          state.passwords.delete(id)
          return [{ kind: 'git-password', account: password.account, id }]
        },
      )
    },
  }
}
