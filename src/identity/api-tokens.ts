import { randomSecret, sha256Hex } from '../core/crypto.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import { isTokenText, newToken } from '../core/token-text.ts'
import type { Core } from './core.ts'
import type { ApiToken, Identity } from './identity.ts'
import { standing } from './standing.ts'

const NOT_YOURS = refusal('proof-invalid', 'That device is not yours.', 'Use one of your own.')
/** How many live tokens one person may have. */
const AT_MOST = 50
const ENOUGH = refusal(
  'rate-limited',
  `You have ${AT_MOST} tokens already.`,
  'End those that nothing uses any more.',
)

/** Tokens for programs: made with a touch, shown once, kept as a hash, ended by time, click, or with their device or account. */
export function apiTokens({
  state,
  limits,
  now: clock,
  change,
}: Core): Pick<Identity, 'byToken' | 'apiTokens' | 'createToken' | 'endToken' | 'tokenLife'> {
  return {
    tokenLife: limits.token,

    byToken(secret, now) {
      // `secret` is the attacker's.
      const token = isTokenText(secret) ? state.tokens.find(sha256Hex(secret)) : undefined
      if (!token || token.expiresAt <= now) return undefined
      const account = state.accounts.get(token.account)
      const device = state.devices.get(token.device)?.device
      if (account?.state !== 'active' || device?.state !== 'active') return undefined
      return {
        token,
        principal: {
          account,
          device,
          via: 'token',
          credential: token.id,
          provenAt: token.createdAt,
          uv: false, // a touch made it; whoever holds it now has shown none
        },
      }
    },

    apiTokens: (account) =>
      state.tokens.all().filter((token) => token.account === account && token.expiresAt > clock()),

    async createToken({ account, device, name, scope, expiresAt, now, evidence }) {
      if (state.devices.get(device)?.device.account !== account) return err(NOT_YOURS)
      const secret = newToken()
      const hash = sha256Hex(secret)
      const token: ApiToken = {
        id: randomSecret(),
        account,
        device,
        name,
        scope,
        createdAt: now,
        expiresAt: Math.min(expiresAt, now + limits.token),
      }
      const kept = {
        may: [...scope.may],
        repos: scope.repos === null ? null : scope.repos.map(({ id, owner, name }) => ({ id, owner, name })),
      }
      const done = await change(
        {
          type: 'token.create',
          account,
          payload: {
            id: token.id,
            account,
            device,
            name,
            scope: kept,
            expires: new Date(token.expiresAt).toISOString(),
            evidence,
          },
        },
        async (write) => {
          const inactive = await standing(write, account, device)
          if (inactive) return inactive
          const live = await write
            .selectFrom('api_token')
            .select('id')
            .where('account_id', '=', account)
            .where('revoked_at', 'is', null)
            .where('expires_at', '>', now)
            .execute()
          if (live.length >= AT_MOST) return ENOUGH
          await write
            .insertInto('api_token')
            .values({
              id: token.id,
              secret_hash: hash,
              account_id: account,
              device_id: device,
              name,
              scope: JSON.stringify(kept),
              created_at: now,
              expires_at: token.expiresAt,
              revoked_at: null,
            })
            .execute()
          return undefined
        },
        () => {
          state.tokens.put(token, hash)
          return []
        },
      )
      return done.ok ? ok({ secret, token }) : done
    },

    async endToken(id, by) {
      const token = state.tokens.get(id)
      if (!token) return
      await change(
        { type: 'token.end', account: token.account, payload: { id, account: token.account, by } },
        async (write) => {
          await write.updateTable('api_token').set({ revoked_at: clock() }).where('id', '=', id).execute()
          return undefined
        },
        () => (state.tokens.drop(id) ? [{ kind: 'token', account: token.account, id }] : []),
      )
    },
  }
}
