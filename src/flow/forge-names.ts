import type { Account, AccountId } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Identity } from '../identity/identity.ts'
import { type Forge, ForgeError } from '../upstream/forge.ts'
import type { Log } from './context.ts'

const REMEMBER_MS = 30_000

const GONE = refusal(
  'account-inactive',
  'The forge no longer knows this account.',
  'Ask an administrator whether it was deleted there.',
)
const NO_ANSWER = refusal('upstream', 'The forge does not answer.', 'Try again in a moment.')

/** Whether the forge still calls a person by the name that we act under. */
export interface ForgeNames {
  /** Without waiting: the forge said so within the last half minute. */
  holds(account: Account, now: number): boolean
  /** Ask it. A person who has another name by now is followed by the forge's id; the account then comes back with it. */
  ask(account: Account, now: number): Promise<Result<Account, Refusal>>
  /** Ask before the next request of theirs. */
  forget(account: AccountId): void
}

/**
 * The forge takes a name for the identity, and gives it to somebody else after a renaming. Accounts are bound to its numeric
 * ids, so a name is acted under only while the forge says that it is that id's.
 */
export function createForgeNames(deps: {
  readonly forge: Pick<Forge, 'user' | 'nameOf' | 'dropGitAuthorization'>
  readonly identity: Pick<Identity, 'renameAccount'>
  readonly log: Log
}): ForgeNames {
  const { forge, identity, log } = deps
  const held = new Map<AccountId, { readonly name: string; readonly until: number }>()
  const asked = new Map<AccountId, Promise<Result<Account, Refusal>>>()

  async function ask(account: Account, now: number): Promise<Result<Account, Refusal>> {
    try {
      const user = await forge.user(account.name)
      if (user?.id === account.forgeId) return remember(account, now)
      held.delete(account.id)
      // What was minted under the old name is not to be used under it by whoever has it now.
      forge.dropGitAuthorization(account.name)
      const name = await forge.nameOf(account.forgeId)
      if (name === undefined) return err(GONE)
      const renamed = await identity.renameAccount(account.id, name)
      if (!renamed.ok) return renamed
      forge.dropGitAuthorization(name)
      log.warn(
        { was: account.name, name, forgeId: account.forgeId },
        'the forge has another name for a person',
      )
      return remember(renamed.value, now)
    } catch (error) {
      if (!(error instanceof ForgeError)) throw error
      log.error({ err: error }, 'the forge could not be asked who somebody is')
      return err(NO_ANSWER)
    }
  }

  function remember(account: Account, now: number): Result<Account, Refusal> {
    held.set(account.id, { name: account.name, until: now + REMEMBER_MS })
    return ok(account)
  }

  return {
    holds({ id, name }, now) {
      const known = held.get(id)
      return known !== undefined && known.name === name && known.until > now
    },
    ask(account, now) {
      const running = asked.get(account.id)
      if (running) return running
      const asking = ask(account, now).finally(() => asked.delete(account.id))
      asked.set(account.id, asking)
      return asking
    },
    forget(account) {
      held.delete(account)
    },
  }
}
