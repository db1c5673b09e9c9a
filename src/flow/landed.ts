import type { Action } from '../core/action/action.ts'
import { type RefMove, tipIn } from '../core/action/moves.ts'
import { isZeroId } from '../core/git/ref-update.ts'
import type { FlowContext } from './context.ts'
import type { Outcome, RefOutcome } from './outcome.ts'
import { known, type Passage } from './passage.ts'

/** What the refs of the change's repository hold now. */
export function refsNow(
  passage: Passage,
  ctx: Pick<FlowContext, 'forge'>,
): Promise<ReadonlyMap<string, string> | undefined> {
  const { account } = known(passage.principal, 'principal')
  const { resource } = known(passage.action, 'action')
  const part = resource.kind === 'repo' ? resource.part : 'code'
  return ctx.forge.refs(known(passage.repo, 'repo'), part, account.name)
}

/** The refs that a change of a page moves; none for pushes, whose answer names each ref. */
export function pageMoves(action: Action): readonly RefMove[] {
  return action.verb === 'git.push' || action.verb === 'git.fetch' ? [] : (action.moves ?? [])
}

/**
 * What became of refs after the forge answered, read again: as signed, as before, or something that nobody signed. Where the
 * forge's answer says that it did not move a ref, another value is somebody else's; of a ref that was to stay only the answer tells.
 * A new commit that only the forge's answer tells is looked into by `judge`.
 */
export function landed(
  moves: readonly RefMove[],
  refs: ReadonlyMap<string, string> | undefined,
  { refs: told, accepted }: Pick<Extract<Outcome, { kind: 'answered' }>, 'refs' | 'accepted'>,
  judge: (now: string) => Promise<Pick<RefOutcome, 'status' | 'reason'>>,
): Promise<RefOutcome[]> {
  return Promise.all(
    moves.map(async (move): Promise<RefOutcome> => {
      const { ref, before, after } = move
      // A repository that was renamed or went meanwhile is none without refs.
      if (!refs) return { ref, status: 'unknown', reason: 'the repository could not be read' }
      const now = tipIn(refs, ref)
      const seen = { ref, before, after: now }
      if (now === after && (after !== before || accepted === true)) return { ...seen, status: 'ok' }
      const no = told?.find((one) => one.ref === ref && one.status === 'ng')
      if (no) return { ...seen, status: 'ng', reason: no.reason ?? 'the forge did not move it' }
      if (now === before) return { ...seen, status: 'ng', reason: 'the forge left it as it was' }
      if (after !== null)
        return { ...seen, status: 'mismatch', reason: 'the ref holds another commit than was signed' }
      if (isZeroId(now)) return { ...seen, status: 'mismatch', reason: 'the ref is gone' }
      return { ...seen, ...(await judge(now)) }
    }),
  )
}
