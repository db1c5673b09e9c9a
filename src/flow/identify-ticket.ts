import { accountId } from '../core/identity.ts'
import { checkTicket } from '../core/lfs/ticket.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { FlowContext } from './context.ts'
import type { Passage } from './passage.ts'

const AGAIN = 'Push or fetch again: git-lfs asks for a fresh one.'
const WORDS = {
  malformed: 'The ticket of this object is not one of ours.',
  foreign: 'The ticket of this object is not one of ours.',
  expired: 'The ticket of this object is too old.',
} as const

/** The text of a ticket in an `Authorization` field (RFC 6750 section 2.1), or undefined. */
export function bearer(authorization: string): string | undefined {
  // `authorization` is the attacker's.
  return authorization.length > 1024 ? undefined : /^bearer +(\S+)$/i.exec(authorization)?.[1]
}

/** The person to whom a ticket was given, for as long as the git password behind it is good. `limit`: whose tries these are. */
export function byTicket(
  passage: Passage,
  text: string,
  limit: string,
  { identity, nonceKey, credentialLimiter }: FlowContext,
): Refusal | undefined {
  const ticket = checkTicket(nonceKey, text, passage.now)
  if (!ticket.ok) {
    // One that ran out was ours: a long transfer is no guessing.
    if (ticket.error !== 'expired') credentialLimiter.failed(limit, passage.now)
    return refusal('bad-credential', WORDS[ticket.error], AGAIN)
  }
  const id = accountId(ticket.value.account)
  const password = identity.gitPasswords(id).find((each) => each.id === ticket.value.credential)
  const account = identity.account(id)
  const device = password && identity.device(password.device)
  if (
    !password ||
    password.expiresAt <= passage.now ||
    account?.state !== 'active' ||
    device?.state !== 'active'
  )
    return refusal('bad-credential', 'The git password behind this ticket has ended.', AGAIN)
  passage.principal = {
    account,
    device,
    via: 'git-password',
    credential: password.id,
    provenAt: password.createdAt,
    uv: true, // as the password itself: it took a touch with UV to make it
  }
  passage.ticket = ticket.value
  return undefined
}
