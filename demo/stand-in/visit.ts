import type { Markup } from './html.ts'
import type { Mode, Repo, User } from './model.ts'
import type { Options } from './options.ts'
import type { Store } from './state.ts'

/** A request whose sender and body are known. */
export interface Visit {
  readonly store: Store
  readonly options: Options
  readonly method: string
  readonly path: string
  /** Segments that the route left open, decoded. */
  readonly params: readonly string[]
  readonly user: User | undefined
  readonly byToken: boolean
  /** Fields of the body, then of the query, as Gogs merges them. */
  readonly fields: URLSearchParams
  /** The JSON body of an API call, else an empty object. */
  readonly json: Record<string, unknown>
  readonly csrf: string
  /** The file of a multipart form. */
  readonly file?: File
}

export interface Reply {
  readonly status: number
  readonly type?: string
  readonly body?: string | Buffer
  readonly location?: string
  readonly cookies?: readonly string[]
}

export type Handler = (visit: Visit) => Reply | Promise<Reply>

/** Who may use a route: everybody, everybody who may read where the forge is open, a signed-in person, a token, a site administrator. */
export type Who = 'anyone' | 'reader' | 'signed-in' | 'token' | 'site-admin'

export type RouteLine = readonly [method: string, pattern: string, who: Who, handler: Handler]

export interface RepoVisit extends Visit {
  readonly user: User
  readonly repo: Repo
  readonly owner: User
  readonly mode: Mode
}

export const status = (code: number): Reply => ({ status: code })
export const redirect = (location: string, cookies: readonly string[] = []): Reply => ({
  status: 302,
  location,
  cookies,
})
export const json = (value: unknown, code = 200): Reply => ({
  status: code,
  type: 'application/json; charset=UTF-8',
  body: JSON.stringify(value),
})
export const page = (markup: Markup, code = 200): Reply => ({
  status: code,
  type: 'text/html; charset=UTF-8',
  body: markup.markup,
})

/** A message for the page after a redirect, as Gogs encodes it: a query string inside a cookie. */
export function flash(messages: Record<string, string>): string {
  return `macaron_flash=${encodeURIComponent(new URLSearchParams(messages).toString())}; Path=/`
}
