import type { Shown } from '../../core/git/landing.ts'
import type { SessionId } from '../../core/identity.ts'

const KEPT = 10_000
const RANK: { readonly [shown in Shown]: number } = { refs: 0, commits: 1, diff: 2 }

/** Whether seeing `a` is at least seeing `b`. */
export const atLeast = (a: Shown, b: Shown): boolean => RANK[a] >= RANK[b]

/** The most of each held push that a page of each session contained whole. Kept by the server, never told by a client. */
export interface Seen {
  /** The most so far, this time included. */
  note(session: SessionId, code: string, shown: Shown): Shown
  /** Undefined when no page of this session ever showed it. */
  of(session: SessionId, code: string): Shown | undefined
}

export function createSeen(): Seen {
  const seen = new Map<string, Shown>()
  const key = (session: SessionId, code: string): string => `${session} ${code}`
  return {
    note(session, code, shown) {
      const before = seen.get(key(session, code))
      const most = before !== undefined && atLeast(before, shown) ? before : shown
      seen.delete(key(session, code))
      if (seen.size >= KEPT) seen.delete(seen.keys().next().value!)
      seen.set(key(session, code), most)
      return most
    },
    of: (session, code) => seen.get(key(session, code)),
  }
}
