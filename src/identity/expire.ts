import type { Revocation } from './identity.ts'
import { forget, type State } from './state.ts'

/** Forget what has expired at `now`, so that memory does not grow with the months. Nothing is recorded: time ended it. */
export function expire(state: State, now: number): Revocation[] {
  for (const link of state.links.all()) if (link.expiresAt <= now) state.links.drop(link.id)
  return forget(state, (opened) => opened.expiresAt <= now)
}
