import type { Account } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Evidence, Identity } from '../identity/identity.ts'
import type { Forge, ForgeUser } from '../upstream/forge.ts'

export interface Invitation {
  readonly name: string
  /** Of the one-time link `<portal>/enrol#SECRET`; it is kept nowhere in clear. */
  readonly secret: string
  /** Unix ms. */
  readonly expiresAt: number
}

export type Invite = (
  person: { name: string; email: string; admin: boolean },
  by: string,
  evidence?: Evidence,
) => Promise<Result<Invitation, Refusal>>

/**
 * Make a person: a user of the forge with a password that nobody keeps, an account bound to that user's id, and a one-time
 * link. Somebody who never enrolled a device gets a fresh link; a user the forge already has is taken over when the e-mail
 * agrees. Rejects when the forge fails; a user left there by that is taken over at the next try.
 */
export function createInvite({
  forge,
  identity,
  now,
}: {
  forge: Forge
  identity: Identity
  now: () => number
}): Invite {
  return async (person, by, evidence) => {
    const known = identity.accountByName(person.name)
    const account = known ? waiting(known, identity) : await newAccount(person, by)
    if (!account.ok) return account
    const link = await identity.invite(account.value.id, 'invitation', by, now(), evidence)
    return link.ok ? ok({ name: account.value.name, ...link.value }) : link
  }

  async function newAccount(person: Parameters<Invite>[0], by: string): Promise<Result<Account, Refusal>> {
    const user = await forgeUser(person)
    return user.ok
      ? identity.createAccount({
          name: user.value.name,
          email: person.email,
          forgeId: user.value.id,
          admin: person.admin,
          by,
        })
      : user
  }

  async function forgeUser(person: Parameters<Invite>[0]): Promise<Result<ForgeUser, Refusal>> {
    const created = await forge.createUser(person)
    if (created.ok) return created
    if (created.error === 'bad-name')
      return err(refusal('bad-request', 'The forge does not take this login name.', 'Choose another one.'))
    const there = await forge.user(person.name)
    if (there && there.email.toLowerCase() === person.email.toLowerCase()) return ok(there)
    return err(
      refusal(
        'bad-request',
        'The forge has this login name or e-mail for somebody else.',
        'Check both; for an existing user give their e-mail.',
      ),
    )
  }
}

/** An account that may get another first link: active, and never had a device. */
function waiting(account: Account, identity: Identity): Result<Account, Refusal> {
  if (account.state === 'active' && identity.devices(account.id).length === 0) return ok(account)
  return err(
    refusal(
      'bad-request',
      'There is already an account with this name.',
      'A person who lost every device is let in by recovery on the host.',
    ),
  )
}
