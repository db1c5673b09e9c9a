/** A file of a commit: git's mode, and the id of its blob. */
export interface FileEntry {
  readonly mode: string
  readonly id: string
}

/** What differs between a commit and its first parent, at one path. */
export interface Difference {
  readonly path: string
  readonly before: FileEntry | null
  readonly after: FileEntry | null
}

/** What a commit is made of, and what it does. */
export interface CommitLook {
  readonly parents: readonly string[]
  readonly changes: readonly Difference[]
}

/** An edit of one file, as it was signed. */
export interface SignedEdit {
  /** The branch's commit that it was made against. */
  readonly tip: string
  /** The file that is taken away or kept anew; null for a new file. */
  readonly from: { readonly path: string; readonly id: string } | null
  /** Where it is kept, and what it holds then; null when it is deleted. */
  readonly to: { readonly path: string; readonly id: string } | null
}

/** Why a commit is not exactly the edit that was signed: its only parent is the signed tip, and it does nothing else. */
export function editFault(
  { tip, from, to }: SignedEdit,
  { parents, changes }: CommitLook,
): string | undefined {
  if (parents.length !== 1 || parents[0] !== tip)
    return 'the new commit does not follow on the one that was signed'
  const expected = new Map<string, { before: string | null; after: string | null }>()
  if (from) expected.set(from.path, { before: from.id, after: null })
  if (to) expected.set(to.path, { before: from?.path === to.path ? from.id : null, after: to.id })
  if (changes.length !== expected.size) return 'the new commit changes other files than was signed'
  let mode: string | undefined
  for (const { path, before, after } of changes) {
    const wanted = expected.get(path)
    if (!wanted) return 'the new commit changes another file than was signed'
    if ((before?.id ?? null) !== wanted.before) return 'the file was another one than was signed'
    if ((after?.id ?? null) !== wanted.after) return 'the file holds something else than was signed'
    mode = before?.mode ?? mode
  }
  const kept = changes.find(({ after }) => after !== null)?.after?.mode
  return kept === undefined || kept === (mode ?? '100644')
    ? undefined
    : 'the file has another mode than before'
}
