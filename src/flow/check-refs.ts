import { movesIn } from '../core/action/action.ts'
import { pushableRef } from '../core/git/ref-name.ts'
import { refusal } from '../core/refusal.ts'
import { type Gate, known } from './passage.ts'

/** Only branches and tags, by names that git itself would accept, each at most once. */
export const checkRefs: Gate = (passage) => {
  const action = known(passage.action, 'action')
  const seen = new Set<string>()
  for (const { ref } of movesIn(action)) {
    const pushable = pushableRef(ref)
    if (!pushable.ok) return pushable.error
    if (seen.has(ref)) return refusal('bad-request', 'The push names one ref twice.')
    seen.add(ref)
  }
  return undefined
}
