import { randomSecret } from '../core/crypto.ts'
import { type Account, accountId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Core } from './core.ts'
import type { Identity } from './identity.ts'
import { foldName, putAccount } from './state.ts'

const UNKNOWN = refusal('not-found', 'There is no such account.')

/** Accounts: made by an invitation, bound for good to the forge's user id. */
export function accounts({ state, now, change }: Core): Pick<Identity, 'createAccount' | 'setAccountState'> {
  return {
    async createAccount({ name, email, forgeId, admin, by }) {
      const account: Account = { id: accountId(randomSecret()), name, email, forgeId, admin, state: 'active' }
      const done = await change(
        {
          type: 'account.create',
          account: account.id,
          payload: { account: { id: account.id, name, forgeId }, email, admin, by },
        },
        async (write) => {
          const made = await write
            .insertInto('account')
            .values({
              id: account.id,
              name,
              name_folded: foldName(name),
              email,
              forge_id: forgeId,
              admin: admin ? 1 : 0,
              state: 'active',
              created_at: now(),
            })
            .onConflict((conflict) => conflict.doNothing())
            .executeTakeFirst()
          return made.numInsertedOrUpdatedRows === 1n
            ? undefined
            : refusal('bad-request', 'An account of that name exists already.', 'Choose another name.')
        },
        () => {
          putAccount(state, account)
          return []
        },
      )
      return done.ok ? ok(account) : done
    },
    async setAccountState(id, next, by) {
      const account = state.accounts.get(id)
      if (!account) return err(UNKNOWN)
      const lastAdmin =
        account.admin &&
        next === 'disabled' &&
        [...state.accounts.values()].every(
          (other) => other.id === id || !other.admin || other.state !== 'active',
        )
      if (lastAdmin)
        return err(
          refusal('denied', 'This is the last active administrator.', 'Make another administrator first.'),
        )
      const changed: Account = { ...account, state: next }
      const done = await change(
        {
          type: 'account.state',
          account: id,
          payload: { account: { id, name: account.name, forgeId: account.forgeId }, state: next, by },
        },
        async (write) => {
          await write.updateTable('account').set({ state: next }).where('id', '=', id).execute()
          if (next === 'disabled') {
            await write.deleteFrom('session').where('account_id', '=', id).execute()
            await write
              .updateTable('git_password')
              .set({ revoked_at: now() })
              .where('account_id', '=', id)
              .where('revoked_at', 'is', null)
              .execute()
            await write
              .updateTable('invitation')
              .set({ expires_at: 0 })
              .where('account_id', '=', id)
              .where('used_at', 'is', null)
              .execute()
          }
          return undefined
        },
        () => {
          putAccount(state, changed)
          if (next === 'active') return []
          for (const session of [...state.sessions.values()])
            if (session.account === id) state.sessions.delete(session.id)
          for (const password of [...state.passwords.values()])
            if (password.account === id) state.passwords.delete(password.id)
          return [{ kind: 'account', account: id }]
        },
      )
      return done.ok ? ok(changed) : done
    },
  }
}
