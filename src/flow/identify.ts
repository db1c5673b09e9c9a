import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { GitAttempt, SshAttempt, WebAttempt } from './attempt.ts'
import type { FlowContext } from './context.ts'
import { bearer, byTicket } from './identify-ticket.ts'
import { byToken } from './identify-token.ts'
import { byNothing } from './identify-visitor.ts'
import type { Passage } from './passage.ts'

/** The person behind a request, by a secret that only we gave out. No header of the client names anybody. */
export function identify(passage: Passage, ctx: FlowContext): Refusal | undefined {
  const { attempt } = passage
  switch (attempt.door) {
    case 'web':
      return bySession(passage, attempt, ctx)
    case 'git-http':
      return byPassword(passage, attempt, ctx)
    case 'api':
      return byToken(passage, attempt, ctx)
    case 'git-ssh':
      return byLogin(passage, attempt, ctx)
    case 'portal':
      passage.principal = attempt.principal
      return undefined
  }
}

function bySession(passage: Passage, attempt: WebAttempt, ctx: FlowContext): Refusal | undefined {
  const { session } = attempt
  const { identity } = ctx
  const found = session === undefined ? undefined : identity.bySessionHash('forge', session, passage.now)
  if (!found) return byNothing(passage, attempt, ctx, NOT_SIGNED_IN)
  passage.principal = found.principal
  passage.session = found.session
  return undefined
}

const NOT_SIGNED_IN = refusal('not-signed-in', 'You are not signed in.', 'Sign in with your passkey.')

function byPassword(passage: Passage, attempt: GitAttempt, ctx: FlowContext): Refusal | undefined {
  const { authorization, client, route } = attempt
  if (authorization === undefined) {
    const needed = refusal(
      'not-signed-in',
      'This repository needs a git password.',
      `Get one at ${ctx.portalOrigin}/git-password`,
    )
    return byNothing(passage, attempt, ctx, needed)
  }
  const limit = `git ${client.address}`
  if (!ctx.credentialLimiter.mayTry(limit, passage.now)) {
    return refusal(
      'rate-limited',
      'Too many wrong git passwords from this address.',
      'Wait a minute, then use a fresh one.',
    )
  }
  const ticket = route.kind === 'lfs' ? bearer(authorization) : undefined
  if (ticket !== undefined) return byTicket(passage, ticket, limit, ctx)
  const basic = basicCredentials(authorization)
  const principal = basic.ok ? ctx.identity.byGitPassword(basic.value.password, passage.now) : undefined
  const named =
    basic.ok &&
    principal !== undefined &&
    basic.value.user.toLowerCase() === principal.account.name.toLowerCase()
  if (!principal || !named) {
    ctx.credentialLimiter.failed(limit, passage.now)
    return refusal(
      'bad-credential',
      'This git password is unknown, expired or not yours.',
      `Get a fresh one at ${ctx.portalOrigin}/git-password`,
    )
  }
  passage.principal = principal
  return undefined
}

/** Account and device as they are by now: a connection may last for long. */
function byLogin(passage: Passage, { login }: SshAttempt, { identity }: FlowContext): Refusal | undefined {
  const account = identity.account(login.account)
  const device = identity.device(login.device)
  if (!account || !device) return refusal('not-signed-in', 'The key that opened this connection is nobody’s.')
  const { id, at, uv } = login
  passage.principal = { account, device, via: 'ssh', credential: id, provenAt: at, uv }
  return undefined
}

/** RFC 7617: `Basic` SP base64(user-id ":" password). */
export function basicCredentials(field: string): Result<{ user: string; password: string }, 'malformed'> {
  // `field` is the attacker's.
  const match = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(field)
  if (!match || field.length > 1024) return err('malformed')
  const text = Buffer.from(match[1]!, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 ? err('malformed') : ok({ user: text.slice(0, colon), password: text.slice(colon + 1) })
}
