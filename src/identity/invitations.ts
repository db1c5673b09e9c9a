import { randomSecret, sha256Hex } from '../core/crypto.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Core } from './core.ts'
import type { Identity } from './identity.ts'

interface Link {
  readonly id: string
  readonly kind: 'invitation' | 'recovery'
  readonly account: string
  readonly expiresAt: number
}

/** One-time links, by the hash of their secret. Few are open at a time, and each opens one enrolment. */
export async function invitations({
  state,
  store,
  limits,
  now,
  change,
}: Core): Promise<
  Pick<Identity, 'invite' | 'invitation'> & { reread(): Promise<void>; used(id: string): void }
> {
  const links = new Map<string, Link>()

  async function reread(): Promise<void> {
    const rows = await store.db
      .selectFrom('invitation')
      .selectAll()
      .where('used_at', 'is', null)
      .where('expires_at', '>', now())
      .execute()
    links.clear()
    for (const row of rows)
      links.set(row.secret_hash, {
        id: row.id,
        kind: row.kind,
        account: row.account_id,
        expiresAt: row.expires_at,
      })
  }
  await reread()

  return {
    reread,
    used(id) {
      for (const [hash, link] of links) if (link.id === id) links.delete(hash)
    },
    async invite(account, kind, by, at) {
      const whom = state.accounts.get(account)
      if (whom?.state !== 'active')
        return err(refusal('account-inactive', 'This account is not active.', 'Enable it first.'))
      const id = randomSecret()
      const secret = `csl_${randomSecret()}`
      const hash = sha256Hex(secret)
      const expiresAt = at + limits.link
      const done = await change(
        {
          type: kind === 'recovery' ? 'recovery.create' : 'invitation.create',
          account,
          payload: {
            id,
            kind,
            account: { id: account, name: whom.name, forgeId: whom.forgeId },
            by,
            expires: new Date(expiresAt).toISOString(),
          },
        },
        async (write) => {
          await write
            .updateTable('invitation')
            .set({ expires_at: 0 })
            .where('account_id', '=', account)
            .where('used_at', 'is', null)
            .execute()
          await write
            .insertInto('invitation')
            .values({
              id,
              secret_hash: hash,
              account_id: account,
              kind,
              created_by: by,
              created_at: at,
              expires_at: expiresAt,
              used_at: null,
            })
            .execute()
          return undefined
        },
        () => {
          for (const [older, link] of links) if (link.account === account) links.delete(older)
          links.set(hash, { id, kind, account, expiresAt })
          return []
        },
      )
      return done.ok ? ok({ secret, expiresAt }) : done
    },
    invitation(secret, at) {
      const link = links.get(sha256Hex(secret)) // `secret` is the attacker's
      if (!link || link.expiresAt <= at) return undefined
      const account = [...state.accounts.values()].find(({ id }) => id === link.account)
      return account?.state === 'active' ? { id: link.id, kind: link.kind, account } : undefined
    },
  }
}
