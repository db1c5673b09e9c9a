import { editFault, type SignedEdit } from '../core/git/edited-commit.ts'
import type { Place } from '../spool/spool.ts'
import type { FlowContext } from './context.ts'
import type { RefOutcome } from './outcome.ts'

/** Whether a commit is the edit that was signed, as git reads it from the forge. */
export async function judgeEdit(
  { spool }: Pick<FlowContext, 'spool'>,
  place: Place,
  edit: SignedEdit,
  commit: string,
): Promise<Pick<RefOutcome, 'status' | 'reason'>> {
  const seen = await spool.inspect(place, (inspection) => inspection.commit(commit))
  if (!seen.ok || !seen.value) return { status: 'unknown', reason: 'the new commit could not be looked into' }
  const fault = editFault(edit, seen.value)
  return fault === undefined ? { status: 'ok' } : { status: 'mismatch', reason: fault }
}
