import { mergeFault, type SignedMerge } from '../core/git/merged-commit.ts'
import type { Place } from '../spool/spool.ts'
import type { FlowContext } from './context.ts'
import type { RefOutcome } from './outcome.ts'

/** Whether a commit is the merge that was signed, as git reads it from the forge. */
export async function judgeMerge(
  { spool }: Pick<FlowContext, 'spool'>,
  place: Place,
  merge: SignedMerge,
  commit: string,
): Promise<Pick<RefOutcome, 'status' | 'reason'>> {
  const seen = await spool.inspect(place, (inspection) => inspection.made(commit))
  if (!seen.ok || !seen.value) return { status: 'unknown', reason: 'the new commit could not be looked into' }
  const fault = mergeFault(merge, seen.value)
  return fault === undefined ? { status: 'ok' } : { status: 'mismatch', reason: fault }
}
