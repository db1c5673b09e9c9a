import type { Refusal } from '../core/refusal.ts'
import type { FlowContext } from './context.ts'
import { frozenAmong, isFrozen } from './frozen.ts'
import { keptRefs } from './kept-refs.ts'
import { known, type Passage } from './passage.ts'

/**
 * No ref that it moves or starts from is frozen. Told before anybody is asked for a touch; recordIntent looks once more, where
 * nobody can come between.
 */
export function checkFrozen(
  passage: Passage,
  ctx: Pick<FlowContext, 'store'>,
): undefined | Promise<Refusal | undefined> {
  const { resource } = known(passage.action, 'action')
  const kept = keptRefs(passage)
  if (resource.kind !== 'repo' || kept.length === 0) return undefined
  return frozenAmong(ctx.store.db, resource, kept).then((frozen) => frozen && isFrozen(frozen))
}
