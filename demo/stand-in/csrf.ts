import { constantTimeEqual, hmacSha256 } from '../../src/core/crypto.ts'

const LIFE_MS = 24 * 3600 * 1000

/** A token that is good for a day and, as in Gogs behind a header, for everybody. */
export function newCsrf(key: string, now: number): string {
  return Buffer.from(`${mac(key, now).toString('base64url')}:${now}`).toString('base64url')
}

/** Why a token is not accepted, in Gogs' words, or undefined when it is. */
export function csrfFault(key: string, token: string | undefined, now: number): string | undefined {
  if (!token) return 'Bad Request: no CSRF token present\n'
  const [given, time] = Buffer.from(token, 'base64url').toString().split(':') as [string, string?]
  const then = Number(time)
  const fresh = Number.isSafeInteger(then) && then <= now && now - then < LIFE_MS
  return fresh && constantTimeEqual(Buffer.from(given, 'base64url'), mac(key, then))
    ? undefined
    : 'Invalid csrf token.\n'
}

function mac(key: string, time: number): Buffer {
  return hmacSha256(Buffer.from(key, 'hex'), `POST:${time}`)
}
