/** A merge of two commits, as it was signed. */
export interface SignedMerge {
  /** The commit that the base branch held: the first parent. */
  readonly base: string
  /** The commit that is merged: the second one. */
  readonly head: string
  /** What the merge commit must hold. */
  readonly tree: string
}

/** What a commit is made of. */
export interface CommitMade {
  readonly parents: readonly string[]
  readonly tree: string
}

/** Why a commit is not exactly the merge that was signed: these two parents in this order, and this tree. */
export function mergeFault(
  { base, head, tree }: SignedMerge,
  { parents, tree: made }: CommitMade,
): string | undefined {
  if (parents.length !== 2) return 'the new commit is no merge of two'
  if (parents[0] !== base) return 'the new commit does not follow on the one that was signed'
  if (parents[1] !== head) return 'another commit was merged than was signed'
  return made === tree ? undefined : 'the new commit holds other files than was signed'
}
