import { movesIn } from '../core/action/action.ts'
import { headOf, mergeOf } from '../core/action/merge.ts'
import { type KeptRef, tipsOf } from '../core/action/moves.ts'
import { known, type Passage } from './passage.ts'

/**
 * The refs that an action moves; and, as no move, those that it only starts from. `repo` stands where that is another repository
 * than the action's.
 */
export function keptRefs({ action, change }: Passage): readonly KeptRef[] {
  const wanted = known(action, 'action')
  const moves = movesIn(wanted)
  if (!change || moves.length === 0 || wanted.resource.kind !== 'repo') return moves
  const { verb, stated } = change
  const others = tipsOf(verb, stated).filter(({ ref }) => moves.every((one) => one.ref !== ref))
  const head = headOf(verb, stated)
  const elsewhere = head && head.repo.id !== wanted.resource.repo.id ? { repo: head.repo.id } : {}
  return [
    ...moves.map((move) => ({
      ...move,
      ...(head && { merge: mergeOf(stated) }),
    })),
    ...others.map(({ ref, id }) => ({ ref, before: id, after: id })),
    ...(head ? [{ ref: head.ref, before: head.id, after: head.id, ...elsewhere }] : []),
  ]
}
