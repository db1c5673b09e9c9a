import { type Refusal, refusal } from '../core/refusal.ts'
import type { Countersign } from '../hold/asks.ts'
import type { Carried, ParkedChange, StatementApproval } from '../hold/parked-changes.ts'
import type { Principal } from '../identity/identity.ts'
import type { Route } from '../upstream/forge.ts'
import { authorize, type Verdict } from './authorize.ts'
import { carryChange, notDone } from './carry-change.ts'
import type { FlowContext } from './context.ts'

/** A parked change, its touch, and the address that it was described by. */
export interface CarryOut {
  readonly parked: ParkedChange
  readonly approval: StatementApproval
  /** What other people signed. */
  readonly countersigns: readonly Countersign[]
  readonly route: Route
  readonly path: string
  /** What the request came with. */
  readonly via: Principal['via']
  readonly credential: string
}

/**
 * Take a touched change through every gate, as a request of the person's own: standing, policy and the forge's permissions are
 * asked again, of the person and of those who countersigned. Resolves with the path on the forge where the person goes on (null
 * when the forge named none), or with what it takes of other people, when that is all it lacks.
 */
export async function carryOut(
  { parked, approval, countersigns, route, path, via, credential }: CarryOut,
  ctx: FlowContext,
): Promise<Carried> {
  if (route.kind !== 'change') throw new Error('only changes are parked')
  const account = ctx.identity.account(parked.account)
  const device = ctx.identity.device(approval.device)
  if (!account || !device) return failed(refusal('account-inactive', 'This account is gone.'))
  let next: string | null = null
  const verdict = await authorize(
    {
      door: 'portal',
      method: 'POST',
      path,
      route,
      client: parked.client,
      parked,
      approval,
      countersigns,
      principal: {
        account,
        device,
        via,
        credential,
        provenAt: ctx.now(),
        uv: false,
      },
      async carry(passage) {
        const carried = await carryChange(passage, route, ctx)
        next = carried.next
        return carried.outcome
      },
    },
    ctx,
  )
  if (verdict.kind === 'refused') return lacking(verdict) ?? failed(verdict.refusal)
  const refused = notDone(verdict.outcome)
  return refused ? failed(refused) : { kind: 'done', next }
}

function failed(refused: Refusal): Carried {
  return { kind: 'failed', refused }
}

/** Signed and in order, and other people are what is missing. */
function lacking({ refusal: refused, passage }: Extract<Verdict, { kind: 'refused' }>): Carried | undefined {
  const { decision, countersigns = [], unfit = new Map() } = passage
  if (refused.reason !== 'others-needed' || decision?.kind !== 'challenge') return undefined
  return {
    kind: 'others',
    people: decision.people,
    counted: countersigns.map(({ account }) => account.id),
    unfit,
  }
}
