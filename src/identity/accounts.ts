import { randomSecret } from '../core/crypto.ts'
import { type Account, accountId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Write } from '../store/store.ts'
import type { Core } from './core.ts'
import { endLinks, endOpened } from './end-rows.ts'
import type { Identity } from './identity.ts'
import { foldName, forget, putAccount } from './state.ts'

const UNKNOWN = refusal('not-found', 'There is no such account.')
const TAKEN = refusal('bad-request', 'An account of that name exists already.', 'Choose another name.')
const LAST_ADMIN = refusal(
  'denied',
  'This is the last active administrator.',
  'Make another administrator first.',
)

/** Accounts: made by an invitation, bound for good to the forge's user id. */
export function accounts({
  state,
  now,
  change,
}: Core): Pick<Identity, 'createAccount' | 'renameAccount' | 'setAccountState'> {
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
          return made.numInsertedOrUpdatedRows === 1n ? undefined : TAKEN
        },
        () => {
          putAccount(state, account)
          return []
        },
      )
      return done.ok ? ok(account) : done
    },

    async renameAccount(id, name) {
      const account = state.accounts.get(id)
      if (!account) return err(UNKNOWN)
      let stale: { id: string; forge_id: number } | undefined
      const done = await change(
        {
          type: 'account.rename',
          account: id,
          payload: { account: { id, name: account.name, forgeId: account.forgeId }, name, by: 'forge' },
        },
        async (write) => {
          const accounts = write.updateTable('account')
          stale = await write
            .selectFrom('account')
            .select(['id', 'forge_id'])
            .where('name_folded', '=', foldName(name))
            .where('id', '!=', id)
            .executeTakeFirst()
          if (stale) {
            const aside = setAside(stale.forge_id)
            await accounts.set({ name: aside, name_folded: aside }).where('id', '=', stale.id).execute()
          }
          await accounts
            .set({ name, name_folded: foldName(name) })
            .where('id', '=', id)
            .execute()
          return undefined
        },
        () => {
          const other = stale && state.accounts.get(accountId(stale.id))
          if (other) putAccount(state, { ...other, name: setAside(other.forgeId) })
          putAccount(state, { ...(state.accounts.get(id) ?? account), name })
          return []
        },
      )
      return done.ok ? ok({ ...account, name }) : done
    },

    async setAccountState(id, next, by, evidence) {
      const account = state.accounts.get(id)
      if (!account) return err(UNKNOWN)
      const done = await change(
        {
          type: 'account.state',
          account: id,
          payload: {
            account: { id, name: account.name, forgeId: account.forgeId },
            state: next,
            by,
            ...(evidence && { evidence }),
          },
        },
        async (write) => {
          if (next === 'disabled') {
            if (await isLastAdmin(write, account)) return LAST_ADMIN
            await endOpened(write, { account: id }, now())
            await endLinks(write, id)
          }
          await write.updateTable('account').set({ state: next }).where('id', '=', id).execute()
          return undefined
        },
        () => {
          putAccount(state, { ...(state.accounts.get(id) ?? account), state: next })
          if (next === 'active') return []
          for (const link of state.links.all()) if (link.account === id) state.links.drop(link.id)
          return [{ kind: 'account', account: id }, ...forget(state, (opened) => opened.account === id)]
        },
      )
      return done.ok ? ok({ ...account, state: next }) : done
    },
  }
}

/** A name that no forge gives. */
const setAside = (forgeId: number): string => `~${forgeId}`

/** Asked in the transaction that disables: of two administrators who disable each other, one stays. */
async function isLastAdmin(write: Write, { id, admin }: Account): Promise<boolean> {
  if (!admin) return false
  const active = await write
    .selectFrom('account')
    .select('id')
    .where('admin', '=', 1)
    .where('state', '=', 'active')
    .execute()
  return active.length === 1 && active[0]?.id === id
}
