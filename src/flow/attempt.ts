import type { Form } from '../core/action/form.ts'
import type { JsonObject } from '../core/strict-json.ts'
import type { Countersign } from '../hold/asks.ts'
import type { ParkedChange, StatementApproval } from '../hold/parked-changes.ts'
import type { Principal } from '../identity/identity.ts'
import type { Route } from '../upstream/forge.ts'
import type { LfsRequest } from './lfs-request.ts'
import type { Outcome } from './outcome.ts'
import type { Passage } from './passage.ts'
import type { PushRequest } from './push-request.ts'
import type { SshLogin } from './ssh-login.ts'

/** Who is on the other end of the socket. Never taken from a header. */
export interface Client {
  readonly address: string
  readonly userAgent: string
}

interface AttemptBase {
  readonly method: string
  /** Canonical path. */
  readonly path: string
  readonly route: Route
  readonly client: Client
  /** Carry it out: called by the `forward` gate alone, once everything before it agreed. */
  readonly carry: (passage: Passage) => Promise<Outcome>
}

/** A page request on the forge origin. */
export interface WebAttempt extends AttemptBase {
  readonly door: 'web'
  /** SHA-256 of the forge session cookie's value, in hex. */
  readonly session: string | undefined
  /** `Origin` and `Sec-Fetch-Site` fields, as the client sent them. */
  readonly origin: string | undefined
  readonly fetchSite: string | undefined
  /** `Content-Type` field, as the client sent it. */
  readonly contentType: string | undefined
  /** The fields of a change's form; null for what is forwarded as it came, or has none. */
  readonly form: Form | null
  /** Page that the form stands on, as the client says: a path of the forge. */
  readonly page: string
}

/** A change of the forge that was parked, with the touch that it waited for. */
export interface ParkedAttempt extends AttemptBase {
  readonly door: 'portal'
  readonly parked: ParkedChange
  readonly approval: StatementApproval
  /** What other people signed, not looked into yet. */
  readonly countersigns: readonly Countersign[]
  /** Who touched, as the portal knows them by their session. */
  readonly principal: Principal
}

/** A smart-HTTP request, or one for large files beside it. */
export interface GitAttempt extends AttemptBase {
  readonly door: 'git-http'
  /** `Authorization` field, as the client sent it. */
  readonly authorization: string | undefined
  /** Set once the head of a push has been read. */
  readonly push: PushRequest | null
  /** Set for large files. */
  readonly lfs?: LfsRequest
}

/** A request of the forge's programming interface, with a token of ours. Cookies count for nothing. */
export interface ApiAttempt extends AttemptBase {
  readonly door: 'api'
  /** Every `Authorization` field, as the client sent them. */
  readonly authorization: readonly string[]
  /** The body; null without one. */
  readonly json: JsonObject | null
}

/** A command of git over SSH. */
export interface SshAttempt extends AttemptBase {
  readonly door: 'git-ssh'
  /** The connection's sign-in, by a signature that held. */
  readonly login: SshLogin
  /** Set once the head of a push has been read. */
  readonly push: PushRequest | null
}

/** What a door makes of the bytes that came in. */
export type Attempt = WebAttempt | GitAttempt | SshAttempt | ApiAttempt | ParkedAttempt

/** The push in an attempt, by whichever door of git. */
export function pushOf(attempt: Attempt): PushRequest | null {
  return attempt.door === 'git-http' || attempt.door === 'git-ssh' ? attempt.push : null
}
