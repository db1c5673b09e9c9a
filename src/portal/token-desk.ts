import type { RepoRef } from '../core/action/action.ts'
import type { Account, Device } from '../core/identity.ts'
import type { PolicyEngine } from '../core/policy/engine.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { RepoLookup } from '../flow/context.ts'

/** What making a token asks of elsewhere. */
export interface TokenDesk {
  /** A repository as its name means it for this person; undefined when they may not read it, or there is none. */
  repo(name: string, account: Account): Promise<RepoRef | undefined>
  /** Policy on making a token, with the touch as it was. */
  allowed(account: Account, device: Device, uv: boolean): Refusal | undefined
}

export function createTokenDesk({
  repos,
  policy,
  now,
}: {
  readonly repos: Pick<RepoLookup, 'find'>
  readonly policy: Pick<PolicyEngine, 'decide'>
  readonly now: () => number
}): TokenDesk {
  return {
    async repo(name, account) {
      const [owner, repo, ...more] = name.split('/')
      if (!owner || !repo || more.length > 0) return undefined
      const found = await repos.find(owner, repo, account.name, now())
      return found?.permissions.pull ? { id: found.id, owner: found.owner, name: found.name } : undefined
    },
    allowed(account, device, uv) {
      const decision = policy.decide(
        {
          account,
          device,
          action: {
            verb: 'token.create',
            resource: { kind: 'account', account: { id: account.forgeId, name: account.name } },
          },
          proof: {
            method: 'webauthn',
            device: device.id,
            up: true,
            uv,
            ageSeconds: 0,
            bound: 'action',
            shown: 'fields',
            batch: false,
          },
        },
        [],
      )
      if (decision.kind === 'allow') return undefined
      return refusal('denied', `Policy does not allow this: ${decision.why}.`, 'Ask an administrator.')
    },
  }
}
