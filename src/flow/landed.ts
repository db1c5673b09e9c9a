import type { Action } from '../core/action/action.ts'
import { type RefMove, tipIn } from '../core/action/moves.ts'
import { isZeroId } from '../core/git/ref-update.ts'
import type { FlowContext } from './context.ts'
import type { RefOutcome } from './outcome.ts'
import { known, type Passage } from './passage.ts'

/** What the refs of the change's repository hold now. */
export function refsNow(
  passage: Passage,
  ctx: Pick<FlowContext, 'forge'>,
): Promise<ReadonlyMap<string, string> | undefined> {
  const { account } = known(passage.principal, 'principal')
  return ctx.forge.refs(known(passage.repo, 'repo'), 'code', account.name)
}

/** The refs that a change of a page moves; none for pushes, whose answer names each ref. */
export function pageMoves(action: Action): readonly RefMove[] {
  return action.verb === 'git.push' || action.verb === 'git.fetch' ? [] : (action.moves ?? [])
}

/**
 * What became of refs after the forge answered, read again: as signed, as before, or something that nobody signed. A new
 * commit is looked into before it counts as signed, by `judge`. Of a ref that was to stay only the forge's answer tells whether
 * it `took` the change.
 */
export async function landed(
  moves: readonly RefMove[],
  refs: ReadonlyMap<string, string> | undefined,
  judge: (now: string) => Promise<Pick<RefOutcome, 'status' | 'reason'>>,
  took: boolean,
): Promise<RefOutcome[]> {
  return Promise.all(
    moves.map(async (move): Promise<RefOutcome> => {
      const { ref, before, after } = move
      const now = tipIn(refs, ref)
      const seen = { ref, before, after: now }
      if (now === before && now === after && took) return { ...seen, status: 'ok' }
      if (now === before) return { ...seen, status: 'ng', reason: 'the forge left it as it was' }
      if (after !== null)
        return now === after
          ? { ...seen, status: 'ok' }
          : { ...seen, status: 'mismatch', reason: 'the ref holds another commit than was signed' }
      if (isZeroId(now)) return { ...seen, status: 'mismatch', reason: 'the ref is gone' }
      return { ...seen, ...(await judge(now)) }
    }),
  )
}
