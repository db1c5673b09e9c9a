import { constantTimeEqual, hmacSha256 } from '../crypto.ts'
import { err, ok, type Result } from '../result.ts'
import type { LfsOperation } from './object.ts'

// csl1.<expiry, unix seconds, base 36>.<operation>.<repository>.<size>.<account>.<git password's id>.<oid>.<HMAC-SHA256>

/** A batch of large files may take this long before its last object begins, ms. */
export const TICKET_LIFE_MS = 60 * 60_000
const FORM =
  /^csl1\.([0-9a-z]{1,9})\.(upload|download|verify)\.(\d{1,15})\.(\d{1,16})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.([0-9a-f]{64})\.([A-Za-z0-9_-]{43})$/
const PURPOSE = 'countersign lfs ticket 1'

/** What a ticket is good for: one object, one operation, one repository, for as long as its git password lives. */
export interface LfsTicket {
  /** Account id. */
  readonly account: string
  /** Id of the git password that asked for it. */
  readonly credential: string
  /** The forge's id of the repository. */
  readonly repo: number
  readonly operation: LfsOperation
  readonly oid: string
  /** Bytes. */
  readonly size: number
  /** Unix ms, whole seconds. */
  readonly expiresAt: number
}

export type TicketError = 'malformed' | 'foreign' | 'expired'

/** The text of a ticket; `secret` is the gateway's, from which a key for tickets alone is derived. */
export function mintTicket(secret: Uint8Array, ticket: LfsTicket): string {
  const { account, credential, repo, operation, oid, size, expiresAt } = ticket
  const expiry = Math.floor(expiresAt / 1000).toString(36)
  const head = `csl1.${expiry}.${operation}.${repo}.${size}.${account}.${credential}.${oid}`
  const text = `${head}.${mac(secret, head)}`
  if (!FORM.test(text)) throw new Error('a ticket that could not be read again')
  return text
}

/** What `text` is good for, when it is ours and not over. Whether that is what is asked for is the caller's to see. */
export function checkTicket(secret: Uint8Array, text: string, now: number): Result<LfsTicket, TicketError> {
  // `text` is attacker-controlled.
  const match = FORM.exec(text)
  if (!match) return err('malformed')
  const [, expiry, operation, repo, size, account, credential, oid, tag] = match as unknown as string[]
  const head = text.slice(0, text.lastIndexOf('.'))
  if (!constantTimeEqual(Buffer.from(tag!), Buffer.from(mac(secret, head)))) return err('foreign')
  const expiresAt = Number.parseInt(expiry!, 36) * 1000
  if (expiresAt <= now) return err('expired')
  return ok({
    account: account!,
    credential: credential!,
    repo: Number(repo),
    operation: operation as LfsOperation,
    oid: oid!,
    size: Number(size),
    expiresAt,
  })
}

function mac(secret: Uint8Array, head: string): string {
  return hmacSha256(hmacSha256(secret, PURPOSE), head).toString('base64url')
}
