import { constantTimeEqual, hmacSha256, randomBytes } from '../crypto.ts'
import { err, ok, type Result } from '../result.ts'

// cs1.<unix seconds, base 36>.<16 random bytes>.<HMAC-SHA256>, both base64url: within send-pack's alphabet
// [A-Za-z0-9./+=_-] and its 256 bytes.

/** A push may fetch large files and wait for a PIN between its nonce and its certificate. */
export const NONCE_MAX_AGE_MS = 60 * 60_000
/** Tolerated difference between clocks of gateway replicas. */
const CLOCK_SKEW_MS = 60_000
const FORM = /^cs1\.([0-9a-z]{1,9})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/

export interface NonceScope {
  /** Repository and part, e.g. `3/code`. */
  readonly repo: string
  /** Account id. */
  readonly account: string
}

export type NonceError = 'malformed' | 'foreign' | 'expired' | 'from-the-future'

/** A fresh nonce for one repository and one account. `now` in unix ms. */
export function mintNonce(key: Uint8Array, scope: NonceScope & { readonly now: number }): string {
  const head = `cs1.${Math.floor(scope.now / 1000).toString(36)}.${randomBytes(16).toString('base64url')}`
  return `${head}.${mac(key, head, scope)}`
}

/** Whether `nonce` is ours, for this repository and account, and young enough. Single use is the caller's to enforce. */
export function checkNonce(
  key: Uint8Array,
  nonce: string,
  scope: NonceScope & { readonly now: number },
): Result<string, NonceError> {
  // `nonce` is attacker-controlled.
  const match = FORM.exec(nonce)
  if (!match) return err('malformed')
  const head = nonce.slice(0, nonce.lastIndexOf('.'))
  if (!constantTimeEqual(Buffer.from(match[3]!), Buffer.from(mac(key, head, scope)))) return err('foreign')
  const age = scope.now - Number.parseInt(match[1]!, 36) * 1000
  if (age > NONCE_MAX_AGE_MS) return err('expired')
  if (age < -CLOCK_SKEW_MS) return err('from-the-future')
  return ok(nonce)
}

function mac(key: Uint8Array, head: string, { repo, account }: NonceScope): string {
  return hmacSha256(key, `${head}\n${repo}\n${account}`).toString('base64url')
}
