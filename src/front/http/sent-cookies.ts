import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { sha256Hex } from '../../core/crypto.ts'
import { cookieValue, withoutCookies } from './cookies.ts'

/** What a door makes of a `Cookie` field. */
export interface SentCookies {
  /** SHA-256 of the session cookie's value, in hex. */
  readonly session: string | undefined
  /** The cookies that are the forge's to see. */
  readonly rest: string | undefined
}

const NONE: SentCookies = { session: undefined, rest: undefined }

/**
 * Reads `Cookie` fields. A browser sends the same one with every request of a connection, so what it says is remembered for
 * as long as the connection lives: a page costs no hash and no second pass.
 */
export function cookieReader(
  session: string,
  ours: ReadonlySet<string>,
): (req: IncomingMessage) => SentCookies {
  const last = new WeakMap<Socket, { readonly field: string; readonly said: SentCookies }>()
  return (req) => {
    const field = req.headers.cookie // the attacker's
    if (field === undefined) return NONE
    const known = last.get(req.socket)
    if (known?.field === field) return known.said
    const secret = cookieValue(field, session)
    const said = {
      session: secret === undefined ? undefined : sha256Hex(secret),
      rest: withoutCookies(field, ours),
    }
    last.set(req.socket, { field, said })
    return said
  }
}
