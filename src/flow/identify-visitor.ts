import { type Refusal, refusal } from '../core/refusal.ts'
import type { GitAttempt, WebAttempt } from './attempt.ts'
import { isSafe } from './check-origin.ts'
import type { FlowContext } from './context.ts'
import type { Passage } from './passage.ts'

const TOO_MANY = refusal(
  'rate-limited',
  'Too many requests without a sign-in from this network.',
  'Wait a minute, or sign in.',
)

/**
 * Somebody who shows nothing goes on as nobody, where some policy is for visitors: to read what the forge itself shows to
 * everybody. Whatever is not open to them ends with `otherwise`, so that what is private and what is not there look alike.
 */
export function byNothing(
  passage: Passage,
  attempt: WebAttempt | GitAttempt,
  { policy, visitorLimiter }: FlowContext,
  otherwise: Refusal,
): Refusal | undefined {
  if (!policy.opens || !readsOpenly(attempt)) return otherwise
  const network = `visitor ${attempt.client.address}`
  if (!visitorLimiter.mayTry(network, passage.now)) return TOO_MANY
  visitorLimiter.failed(network, passage.now)
  passage.visitor = otherwise
  return undefined
}

/** The positive list: pages that the adapter calls open, and fetching. */
function readsOpenly({ route, method }: WebAttempt | GitAttempt): boolean {
  if (route.kind === 'git') return route.service === 'git-upload-pack'
  return route.kind === 'page' && route.open === true && isSafe(method)
}
