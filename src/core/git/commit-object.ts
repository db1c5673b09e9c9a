import type { CommitText } from './landing.ts'
import { NOBODY, readHeaders, readMessage, readSignature } from './object-text.ts'

/** Parents that are kept; git itself makes no merge of more than sixteen by default. */
export const PARENTS_KEPT = 64

/**
 * Read a commit for display: names raw, no `.mailmap`, no `encoding` header. `more`: the object is longer than `bytes`.
 * Never fails; of two lines of a kind the first counts, as for git.
 */
export function parseCommit(id: string, bytes: Buffer, more: boolean): CommitText {
  const parents: string[] = []
  let author = NOBODY
  let committer = NOBODY
  const body = readHeaders(bytes, (key, value) => {
    if (key === 'parent' && author === NOBODY && parents.length < PARENTS_KEPT) {
      const parent = value.toString('latin1', 0, 65)
      if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(parent)) parents.push(parent)
    } else if (key === 'author' && author === NOBODY) author = readSignature(value)
    else if (key === 'committer' && committer === NOBODY) committer = readSignature(value)
    return committer === NOBODY || author === NOBODY
  })
  return { id, parents, author, committer, ...readMessage(bytes.subarray(body), more) }
}
