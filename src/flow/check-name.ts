import type { Refusal } from '../core/refusal.ts'
import type { Attempt } from './attempt.ts'
import { isSafe } from './check-origin.ts'
import type { FlowContext } from './context.ts'
import { known, type Passage } from './passage.ts'

/**
 * The forge knows the person by the name that we act under. Reads go by what it said within the last half minute; whatever may
 * change something asks anew.
 */
export function checkName(
  passage: Passage,
  { names }: Pick<FlowContext, 'names'>,
): Refusal | undefined | Promise<Refusal | undefined> {
  if (passage.visitor) return undefined // nobody is acted for
  const { account } = known(passage.principal, 'principal')
  const { attempt, now } = passage
  const fetches = isFetch(attempt)
  const reads = fetches || isSafe(attempt.method)
  return reads && names.holds(account, now) ? undefined : ask(passage, names)
}

function isFetch(attempt: Attempt): boolean {
  if (attempt.door === 'git-ssh') return attempt.push === null
  return attempt.door === 'git-http' && attempt.push === null && attempt.lfs === undefined
}

async function ask(passage: Passage, names: FlowContext['names']): Promise<Refusal | undefined> {
  const principal = known(passage.principal, 'principal')
  const asked = await names.ask(principal.account, passage.now)
  if (!asked.ok) return asked.error
  if (asked.value.name !== principal.account.name) passage.principal = { ...principal, account: asked.value }
  return undefined
}
