import { type Refusal, refusal } from '../core/refusal.ts'
import type { ApiAttempt } from './attempt.ts'
import type { FlowContext } from './context.ts'
import type { Passage } from './passage.ts'

/**
 * The person behind a request of the programming interface, by a token that only we gave out (RFC 6750 section 2.1, and
 * `token` in the place of `Bearer` as programs of the forge send it). No cookie says anything here, so no page of a browser
 * can ask with its person's authority.
 */
export function byToken(
  passage: Passage,
  { authorization, client }: ApiAttempt,
  ctx: FlowContext,
): Refusal | undefined {
  const fresh = `Make one at ${ctx.portalOrigin}/tokens`
  if (authorization.length === 0)
    return refusal('not-signed-in', 'This address takes a token, in the Authorization field.', fresh)
  // `authorization` is the attacker's.
  if (authorization.length > 1)
    return refusal('bad-request', 'The request has two Authorization fields.', 'Send one token, once.')
  const [field] = authorization as readonly [string]
  const secret = field.length <= 200 ? /^(?:token|bearer) +(\S+)$/i.exec(field)?.[1] : undefined
  const found = secret === undefined ? undefined : ctx.identity.byToken(secret, passage.now)
  if (found) {
    passage.principal = found.principal
    passage.token = found.token
    return undefined
  }
  // Nobody guesses a token; so those who share an address with a program that tries an old one are not kept out by it.
  const limit = `api ${client.address}`
  if (!ctx.credentialLimiter.mayTry(limit, passage.now))
    return refusal(
      'rate-limited',
      'Too many wrong tokens from this address.',
      'Wait a minute, then use a good one.',
    )
  ctx.credentialLimiter.failed(limit, passage.now)
  return /^basic(?: |$)/i.test(field)
    ? refusal(
        'bad-credential',
        'Names and passwords open nothing here.',
        `Send “Authorization: token …”. ${fresh}`,
      )
    : refusal('bad-credential', 'This token is unknown, or has ended.', fresh)
}
