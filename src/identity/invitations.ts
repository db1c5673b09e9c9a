import { randomSecret, sha256Hex } from '../core/crypto.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Core } from './core.ts'
import { endLinks } from './end-rows.ts'
import type { Identity } from './identity.ts'
import { ACCOUNT_INACTIVE, hasActiveDevice, standing } from './standing.ts'
import type { Link } from './state.ts'

const HAS_DEVICES = refusal(
  'denied',
  'This account has a device, and its devices admit each other.',
  'A person who lost every device is let in by recovery on the host.',
)

/** One-time links, by the hash of their secret. Few are open at a time, and each opens one enrolment. */
export function invitations({ state, limits, change }: Core): Pick<Identity, 'invite' | 'invitation'> {
  return {
    async invite(account, kind, by, at, evidence) {
      const whom = state.accounts.get(account)
      if (!whom) return err(ACCOUNT_INACTIVE)
      const secret = `csl_${randomSecret()}`
      const hash = sha256Hex(secret)
      const link: Link = { id: randomSecret(), kind, account, expiresAt: at + limits.link }
      const done = await change(
        {
          type: kind === 'recovery' ? 'recovery.create' : 'invitation.create',
          account,
          payload: {
            id: link.id,
            kind,
            account: { id: account, name: whom.name, forgeId: whom.forgeId },
            by,
            expires: new Date(link.expiresAt).toISOString(),
            ...(evidence && { evidence }),
          },
        },
        async (write) => {
          const inactive = await standing(write, account)
          if (inactive) return inactive
          if (kind === 'invitation' && (await hasActiveDevice(write, account))) return HAS_DEVICES
          await endLinks(write, account)
          await write
            .insertInto('invitation')
            .values({
              id: link.id,
              secret_hash: hash,
              account_id: account,
              kind,
              created_by: by,
              created_at: at,
              expires_at: link.expiresAt,
              used_at: null,
            })
            .execute()
          return undefined
        },
        () => {
          for (const older of state.links.all()) if (older.account === account) state.links.drop(older.id)
          state.links.put(link, hash)
          return []
        },
      )
      return done.ok ? ok({ secret, expiresAt: link.expiresAt }) : done
    },

    invitation(secret, at) {
      const link = state.links.find(sha256Hex(secret)) // `secret` is the attacker's
      if (!link || link.expiresAt <= at) return undefined
      const account = state.accounts.get(link.account)
      return account?.state === 'active' ? { id: link.id, kind: link.kind, account } : undefined
    },
  }
}
