import type { Action, Resource } from '../core/action/action.ts'
import type { Account, AccountId, Device } from '../core/identity.ts'
import type { Rights } from '../core/policy/engine.ts'
import { proofBy } from '../core/policy/hypotheses.ts'
import { NO_PROOF, type Proof } from '../core/proof.ts'
import type { May } from '../hold/asks.ts'
import type { HoldWay } from '../hold/holds.ts'
import type { FlowContext } from './context.ts'
import { weakestWays } from './ways-to-approve.ts'

/** What somebody wants, that others are asked to countersign. */
export interface Wanted {
  readonly action: Action
  readonly requester: Account
  /** What their own page shows them of it. */
  readonly shown: Proof['shown']
}

/**
 * What a person may do with a place, asked of the forge as they see it now (unless `fresh` is false: then what it said some
 * seconds ago will do); undefined: they may not know of it. What is in no repository is for administrators of the gateway.
 */
export async function rightsOn(
  resource: Resource,
  account: Account,
  ctx: Pick<FlowContext, 'repos' | 'names' | 'now'>,
  fresh = true,
): Promise<Rights | undefined> {
  const now = ctx.now()
  // The forge answers to a name: it must still be theirs.
  if (fresh || !ctx.names.holds(account, now)) {
    const asked = await ctx.names.ask(account, now)
    if (!asked.ok || asked.value.name !== account.name) return undefined
  }
  if (resource.kind !== 'repo') return account.admin ? { push: true, admin: true } : undefined
  const { id, owner, name } = resource.repo
  const remembered = fresh ? undefined : ctx.repos.remembered(owner, name, account.name, now)
  const repo = remembered ?? (await ctx.repos.find(owner, name, account.name, now))
  if (repo?.id !== id || !repo.permissions.pull) return undefined
  const { push, admin } = repo.permissions
  return { push, admin }
}

/**
 * What an account may do about what somebody else wants: the passkeys with which policy lets them countersign, or why none of
 * theirs will do. Undefined when it is none of their business: then they hear nothing of it.
 */
export async function mayCountersign(
  { action, requester, shown }: Wanted,
  id: AccountId,
  fresh: boolean,
  ctx: Pick<FlowContext, 'identity' | 'policy' | 'repos' | 'names' | 'now'>,
): Promise<May | undefined> {
  const account = ctx.identity.account(id)
  if (account?.state !== 'active' || isSame(account, requester)) return undefined
  const passkeys = ctx.identity.activeDevices(id).filter(({ kind }) => kind === 'webauthn')
  const [first] = passkeys
  if (!first || !mayRead(action.resource, account, first, ctx)) return undefined
  const rights = await rightsOn(action.resource, account, ctx, fresh)
  if (!rights) return undefined
  const answer = ({ device, uv }: HoldWay): string | null => {
    const proof = proofBy(device, { method: 'webauthn', shown }, uv)
    const decision = ctx.policy.countersign({ account, device, action, proof, requester, rights })
    return decision.kind === 'allow' ? null : decision.why
  }
  const ways = weakestWays(passkeys, (way) => answer(way) === null)
  if (ways.length > 0) return { ways, why: null }
  // Somebody whom policy lets, but for the passkey, is told so.
  const seasoned: Device = { ...first, createdAt: 0 }
  return answer({ device: seasoned, uv: true }) === null
    ? {
        ways,
        why: 'No passkey of yours is enough for policy: one that was added a day ago or earlier may be.',
      }
    : undefined
}

/** The same for pages, which hear nothing while the forge cannot be asked. */
export function look(
  wanted: Wanted,
  account: AccountId,
  fresh: boolean,
  ctx: Pick<FlowContext, 'identity' | 'policy' | 'repos' | 'names' | 'now' | 'log'>,
): Promise<May | undefined> {
  return mayCountersign(wanted, account, fresh, ctx).catch((error: unknown) => {
    ctx.log.warn({ err: error }, 'who may countersign could not be asked of the forge')
    return undefined
  })
}

/** By the account, and by the forge's user: one person is never two. */
export function isSame(one: Account, other: Account): boolean {
  return one.id === other.id || one.forgeId === other.forgeId
}

function mayRead(
  resource: Resource,
  account: Account,
  device: Device,
  { policy }: Pick<FlowContext, 'policy'>,
): boolean {
  const proof: Proof = {
    ...NO_PROOF,
    method: 'webauthn',
    device: device.id,
    up: true,
    uv: true,
    bound: 'session',
  }
  return policy.allowsRead({ account, device, action: { verb: 'page.read', resource }, proof })
}
