import type { RepoRef, Verb } from '../core/action/action.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Result } from '../core/result.ts'

/** A user of the forge. Ids are never reused; names can change, so a name is only ever a fresh answer to an id. */
export interface ForgeUser {
  readonly id: number
  readonly name: string
  readonly email: string
}

/** What a user may do with a repository, in the forge's own judgement. */
export interface ForgeRepo extends RepoRef {
  readonly private: boolean
  readonly permissions: { readonly admin: boolean; readonly push: boolean; readonly pull: boolean }
}

/** What an adapter says about a request line. */
export type Route =
  | {
      readonly kind: 'page' // forwarded to the forge as a page for the signed-in person
      readonly verb: Extract<Verb, 'page.read' | 'repo.create' | 'issue.write'>
      /** Set when the path lies inside a repository: names as in the path, not yet resolved. */
      readonly repo: { readonly owner: string; readonly name: string } | null
    }
  | { readonly kind: 'asset' } // static file of the forge, the same for everybody
  | {
      readonly kind: 'git'
      readonly service: 'git-upload-pack' | 'git-receive-pack'
      readonly step: 'advertise' | 'rpc'
      readonly owner: string
      /** Without `.git` and without `.wiki`. */
      readonly name: string
      readonly part: 'code' | 'wiki'
    }
  | { readonly kind: 'ours'; readonly page: 'sign-in' | 'sign-out' } // replaced by a page of the portal
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/**
 * The one interface behind which a forge is known. Nothing outside `upstream/` names Gogs.
 *
 * Every call may reject with {@link ForgeError}; "not there" is `undefined`, never an error.
 */
export interface Forge {
  /** `gogs 0.14.3` or `stand-in`. */
  readonly name: string
  /** Base of the forge on loopback, without trailing slash. */
  readonly origin: string
  /** What the request line asks for. Pure; `path` is canonical, `query` without `?`. Unknown: refused. */
  route(method: string, path: string, query: string): Route
  /**
   * Headers that make a proxied page request act as `user`, and nothing else does. The door adds {@link sessionCookie}
   * of this gateway session itself, when one is known.
   */
  identityHeaders(user: string): readonly [string, string][]
  /** Names of client headers and cookies that must never reach the forge, lower case. */
  readonly strippedHeaders: ReadonlySet<string>
  readonly strippedCookies: ReadonlySet<string>
  /** The forge's own session cookie in a response, to be kept server-side. */
  readonly sessionCookie: string

  user(name: string): Promise<ForgeUser | undefined>
  /** Create a person with a random password that nobody keeps. `exists` when the name or e-mail is taken. */
  createUser(user: {
    name: string
    email: string
    admin: boolean
  }): Promise<Result<ForgeUser, 'exists' | 'bad-name'>>
  /** The repository as `user` sees it; undefined when there is none or they may not know of it. */
  repo(owner: string, name: string, asUser: string): Promise<ForgeRepo | undefined>
  createRepo(asUser: string, name: string, options: { private: boolean; readme: boolean }): Promise<ForgeRepo>
  /** Where git reaches a repository upstream, for our own git. */
  gitUrl(repo: RepoRef, part: 'code' | 'wiki'): string
  /** `Authorization` value that lets git act as `user`: a minted token, memory only, cached; see {@link close}. */
  gitAuthorization(user: string): Promise<string>
  /** Forget a minted token after the forge refused it. */
  dropGitAuthorization(user: string): void
  /**
   * All refs of a repository right now, for settling intents; undefined when it does not exist. Read as `asUser`, who
   * must be able to fetch it (a pusher is); when they no longer can, as the owner, if that is a person. Annotated tags
   * are given by the id of the tag object. Names are git's bytes read as latin1.
   */
  refs(repo: RepoRef, part: 'code' | 'wiki', asUser: string): Promise<ReadonlyMap<string, string> | undefined>
  /** Resolves when the forge answers its health check. */
  healthy(): Promise<boolean>
  /** Delete minted tokens and close connections. */
  close(): Promise<void>
}

export class ForgeError extends Error {
  readonly code: 'unreachable' | 'unexpected'
  constructor(code: 'unreachable' | 'unexpected', message: string) {
    super(message)
    this.code = code
  }
}
