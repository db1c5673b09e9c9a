import type { Decision } from '../core/policy/engine.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { checkOpen, checkStanding } from './check-standing.ts'
import type { FlowContext } from './context.ts'
import { decisionRequest } from './decide.ts'
import { type Gate, known, type Passage } from './passage.ts'

/** The hypothesis that led to a challenge authorises nothing: policy is asked again, with what was really given. */
export const decideAgain: Gate = (passage, ctx) => {
  if (passage.decision === undefined) return undefined // a read: nothing was asked, nothing changed
  return passage.held ? afterWaiting(passage, ctx) : judge(passage, ctx)
}

/** Minutes went by: the forge is asked again what this person may do with this repository, and whether it is still it. */
async function afterWaiting(passage: Passage, ctx: FlowContext): Promise<Refusal | undefined> {
  const { id, owner, name } = known(passage.repo, 'repo')
  const user = known(passage.principal, 'principal').account.name
  const repo = await ctx.repos.find(owner, name, user, ctx.now())
  if (repo?.id !== id)
    return refusal(
      'not-found',
      'The repository is gone, or moved while the push waited.',
      'Look where it is now.',
    )
  passage.repo = repo
  return judge(passage, ctx)
}

function judge(passage: Passage, ctx: FlowContext): Refusal | undefined {
  const standing = checkStanding(passage, ctx) ?? checkOpen(passage, ctx)
  if (standing) return standing
  // Others were asked about at the forge meanwhile: whose account or key ended since counts no more.
  if (passage.countersigns)
    passage.countersigns = passage.countersigns.filter(
      ({ account, device }) =>
        ctx.identity.account(account.id)?.state === 'active' &&
        ctx.identity.device(device.id)?.state === 'active',
    )
  const decision = ctx.policy.decide(
    decisionRequest(passage, passage.proof),
    ctx.identity.activeDevices(known(passage.principal, 'principal').account.id),
  )
  passage.decision = decision
  switch (decision.kind) {
    case 'allow':
      return undefined
    case 'deny':
      return refusal(
        'denied',
        `Policy does not allow this: ${decision.why}.`,
        'Ask the owner of the repository or an administrator.',
      )
    case 'challenge':
      if (onlyOthers(passage, decision)) return othersNeeded(decision)
      return refusal(
        'proof-needed',
        `The proof given is not enough: ${decision.why}.`,
        better(passage, decision.want),
      )
  }
}

type Challenge = Extract<Decision, { kind: 'challenge' }>

/** The proof is enough as it is, once more people agree. */
export function onlyOthers({ proof, countersigns }: Passage, { want, people }: Challenge): boolean {
  return (
    people > (countersigns?.length ?? 0) &&
    want.uv === proof.uv &&
    want.method === proof.method &&
    want.shown === proof.shown
  )
}

/** What the person is told where nobody waits for them. */
export function othersNeeded({ people, why }: Challenge): Refusal {
  return refusal(
    'others-needed',
    `This takes ${people === 1 ? 'another person' : `${people} other people`}, too: ${why}.`,
    'Ask somebody who may countersign it.',
  )
}

function better({ proof, held }: Passage, want: Challenge['want']): string {
  if (want.uv && !proof.uv) return 'Use a key with a PIN, and enter it.'
  return held && want.method === 'webauthn'
    ? 'Look at more of the push before you approve it, or use another of your keys.'
    : 'Use another of your keys.'
}
