import { COMMITS_KEPT } from '../core/git/landing.ts'
import type { Reader } from './reader.ts'

/** Commits that are in one history and not in others. */
export interface History {
  /** The newest {@link COMMITS_KEPT}. */
  readonly ids: readonly string[]
  readonly total: number
  /**
   * Where the line of first parents leaves the others: the first commit on it that is not listed; null when it begins with
   * a commit of its own.
   */
  readonly fork: string | null
}

/** A commit with more parents than fit in this is no merge that anybody made. */
const LINE_MOST = 8 << 20

/** `git rev-list` of `from` without what `without` has; null when git could not tell. */
export async function listCommits(
  read: Reader,
  from: string,
  without: readonly string[],
): Promise<History | null> {
  const ids: string[] = []
  let total = 0
  let fork: string | null = from
  let rest = ''
  const ended = await read.stream(
    ['rev-list', '--topo-order', '--parents', '--stdin'],
    (chunk) => {
      const lines = (rest + chunk.toString('latin1')).split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        const [id, parent = null] = line.split(' ', 2)
        if (ids.length < COMMITS_KEPT) ids.push(id!)
        total++
        // Children come before their parents, so the line is met from its newest commit on.
        if (id === fork) fork = parent
      }
      return rest.length < LINE_MOST
    },
    [from, ...without.map((id) => `^${id}`)],
  )
  return ended && rest === '' ? { ids, total, fork } : null
}
