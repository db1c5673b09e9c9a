import type { Readable } from 'node:stream'
import type { RepoRef, Verb } from '../core/action/action.ts'
import type { Change, PlaceFacts } from '../core/action/change.ts'
import type { Form } from '../core/action/form.ts'
import type { RefUpdate } from '../core/git/ref-update.ts'
import type { Refusal } from '../core/refusal.ts'
import type { Result } from '../core/result.ts'
import type { JsonObject } from '../core/strict-json.ts'
import type { Leftover } from './leftover.ts'

/** An organisation of the forge: owns repositories, and is nobody. */
export interface ForgeOrg {
  readonly id: number
  readonly name: string
}

/** A user of the forge. Ids are never reused; names can change, so a name is only ever a fresh answer to an id. */
export interface ForgeUser {
  readonly id: number
  readonly name: string
  /** What people call them; may be empty. */
  readonly fullName: string
  readonly email: string
}

/** What a user may do with a repository, in the forge's own judgement. */
export interface ForgeRepo extends RepoRef {
  readonly private: boolean
  readonly permissions: { readonly admin: boolean; readonly push: boolean; readonly pull: boolean }
}

/** Verbs of what is forwarded as it came: everything that git does not do. */
export type PageVerb = Exclude<Verb, 'git.fetch' | 'git.push'>

/** A release or a draft of one, as the forge keeps it. */
export interface ForgeRelease {
  readonly id: number
  /** Name of its tag, which a draft may not have yet. */
  readonly tag: string
  /** The branch from whose tip the tag is made. */
  readonly target: string
  readonly draft: boolean
}

/** A request of a change, written anew from its fields. */
export interface ChangeRequest {
  readonly method: 'GET' | 'POST'
  /** Canonical, without a query. */
  readonly path: string
  /** `application/x-www-form-urlencoded`, without the forge's CSRF token; empty for a GET. */
  readonly body: string
}

/** A file that the forge is given before a request that names it, by the word that the request has for it. */
export interface FileToAttach {
  readonly id: string
  readonly name: string
  /** Where its bytes are. */
  readonly file: string
}

export interface ChangeAnswer {
  readonly status: number
  readonly accepted: boolean
  readonly next: string | null
  readonly said: string | null
}

/** What became of a push of one ref. */
export interface PushAnswer {
  readonly status: number
  /** Whether the forge moved the ref; null when its answer does not tell. */
  readonly moved: boolean | null
  /** The forge's own words, when it did not. */
  readonly said: string | null
}

/**
 * How the forge's own pages make commits: what the gateway builds in their place looks the same. A `change` is one that makes a
 * commit, with its stated fields.
 */
export interface CommitWays {
  /** The message. */
  message(change: Change): string
  /** The text that a file then holds, of the text that was sent. */
  content(change: Change, text: string): string
  /** Whether a file may be put there, beyond what git thinks of it. */
  mayPut(path: string): boolean
  /** Whether the repository has a wiki of its own that `user` may change. */
  hasWiki(repo: RepoRef, user: string): Promise<boolean>
  /** The branch of a wiki that has these refs. */
  wikiBranch(refs: ReadonlyMap<string, string>): string
  /** The file of a page by its title; undefined when the forge would have none for it. */
  wikiFile(title: string): string | undefined
  /** Path of the page where `user` goes on afterwards. */
  next(change: Change, repo: RepoRef, user: string): Promise<string>
}

/** What the forge is asked while a request of its interface is read. */
export interface ApiLook {
  userId(name: string): Promise<number | undefined>
  /** Whether that person is let into the repository of the request, as far as the asker may know. */
  collaborates(name: string): Promise<boolean>
  /** The branch that a repository has first, and whether a file of this path is in it; undefined: the asker may not know. */
  file(path: string): Promise<FileLook | undefined>
}

export interface FileLook {
  readonly branch: string
  readonly exists: boolean
}

/** What a request of the interface asks for, once its body is read. */
export type ApiWish =
  | { readonly kind: 'forward'; readonly verb: PageVerb; readonly body: string | null }
  /** The same as this form of the pages says. */
  | { readonly kind: 'change'; readonly route: ChangeRoute; readonly path: string; readonly form: Form }

export interface ApiRoute {
  readonly kind: 'api' // of the programming interface, for whoever comes with a token of ours
  /** What it can mean; which of them it does mean is known with the body. */
  readonly verbs: readonly Verb[]
  readonly repo: { readonly owner: string; readonly name: string } | null
  readonly takesBody: boolean
  /** The query, written anew; without `?`. */
  readonly query: string
  /** What it asks for. `json`: its body; null without one. What is forwarded is written anew. */
  read(json: JsonObject | null, look: ApiLook): Promise<Result<ApiWish, Refusal>>
}

export type ChangeRoute = Extract<Route, { kind: 'change' }>

/** A branch as pull requests name it: UTF-8. */
export interface ForgePull {
  readonly state: 'open' | 'merged' | 'closed'
  /** Branch of the pull request's own repository that it goes to; null when it is gone. */
  readonly base: string | null
  /** Where its commits come from; null when that is gone, or there is nothing in it that the base branch lacks. */
  readonly head: { readonly owner: string; readonly name: string; readonly branch: string } | null
  /**
   * Why the forge's git would not read the names of these branches as we do, given what both repositories hold: words for the
   * person. Undefined when it would.
   */
  misread(base: ReadonlyMap<string, string>, head: ReadonlyMap<string, string>): string | undefined
}

/** What an adapter says about a request line. */
export type Route =
  | {
      readonly kind: 'page' // forwarded to the forge as a page for the signed-in person
      readonly verb: PageVerb
      /** Set when the path lies inside a repository: names as in the path, not yet resolved. */
      readonly repo: { readonly owner: string; readonly name: string } | null
      /** Set when the path lies inside an organisation's own pages: its name, not yet resolved. */
      readonly org: string | null
      /** The page shows a secret of the forge. */
      readonly secret: boolean
      /** The forge shows it to everybody where the repository is public: no person is needed for it. */
      readonly open?: true
      /** Bytes that people brought, as they are: they must do nothing in a browser. */
      readonly raw?: true
      /** Go's tool asks where the code of an import path lies (`?go-get=1`): no page is wanted. */
      readonly goGet?: true
    }
  | {
      readonly kind: 'change' // carried out from named fields that somebody proved, never from captured bytes
      /** What it can mean; which of them it does mean is known with the form. */
      readonly verbs: readonly Verb[]
      readonly repo: { readonly owner: string; readonly name: string } | null
      readonly org: string | null
      /** What to say where no proof can be asked for, and what to do instead. */
      readonly refusal: Refusal
      /** The change that `form` means. A GET has an empty form. */
      describe(form: Form, facts?: PlaceFacts): Result<Change, Refusal>
      /** The request that says it; with the same facts. Throws for a change that `describe` never gave. */
      write(change: Change, facts?: PlaceFacts): ChangeRequest
    }
  | ApiRoute
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
  // Large files beside git. `none`: an address below theirs that means nothing.
  | { readonly kind: 'lfs'; readonly step: 'none' }
  | {
      readonly kind: 'lfs'
      readonly step: 'batch' | 'verify'
      readonly owner: string
      readonly name: string
    }
  | {
      readonly kind: 'lfs'
      readonly step: 'upload' | 'download'
      readonly owner: string
      readonly name: string
      /** SHA-256 in lower-case hex. */
      readonly oid: string
    }
  | {
      readonly kind: 'ours'
      readonly page: 'sign-in' | 'sign-out'
      readonly verb: Verb
      readonly next?: string
    } // replaced by a page of the portal; `next`: the forge's page that one goes back to
  // `verb`: what the address would do, where one is known.
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly verb: Verb | null }

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
  /** The version that it told last; null before it was asked. */
  readonly version: string | null
  /** Whether addresses and forms of that version are known; undefined when it is to be asked (again). `now` in unix ms. */
  known(now: number): boolean | undefined
  /** Ask it for its version. */
  learn(now: number): Promise<void>
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
  /** What the forge calls the person of that id now; undefined when it has none. Costs a look through all of them. */
  nameOf(id: number): Promise<string | undefined>
  /** The organisation of that name; undefined for a person. */
  org(name: string): Promise<ForgeOrg | undefined>
  /** Create a person with a random password that nobody keeps. `exists` when the name or e-mail is taken. */
  createUser(user: {
    name: string
    email: string
    admin: boolean
  }): Promise<Result<ForgeUser, 'exists' | 'bad-name'>>
  /**
   * The repository as `asUser` sees it, or as everybody does (null): then the forge is asked without any identity. Undefined when
   * there is none or they may not know of it.
   */
  repo(owner: string, name: string, asUser: string | null): Promise<ForgeRepo | undefined>
  /** Whether `person` is a collaborator of the repository, as far as `asUser` may know; else false. */
  collaborates(repo: RepoRef, person: string, asUser: string): Promise<boolean>
  /** The default branch, and whether it has a file of this path; undefined when `asUser` may not know. */
  file(repo: RepoRef, path: string, asUser: string): Promise<FileLook | undefined>
  createRepo(asUser: string, name: string, options: { private: boolean; readme: boolean }): Promise<ForgeRepo>
  /**
   * Carry out a change as `user`, with a fresh token against request forgery. `accepted`: whether the forge took it; `next`: the
   * path where it sends the person then; `said`: its own words, when it did not.
   */
  change(user: string, request: ChangeRequest, files?: readonly FileToAttach[]): Promise<ChangeAnswer>
  readonly commits: CommitWays
  /**
   * Move one ref as `user`, by git's own protocol and with the pack of what the forge lacks, read anew at each call. The forge
   * compares `update.before` itself. The repository of a wiki is made when there is none.
   */
  push(
    user: string,
    repo: RepoRef,
    part: 'code' | 'wiki',
    update: RefUpdate,
    pack: () => Readable,
  ): Promise<PushAnswer>
  /** Where git reaches a repository upstream, for our own git. */
  gitUrl(repo: RepoRef, part: 'code' | 'wiki'): string
  /** `Authorization` value that lets git act as `user`: a minted token, memory only, cached; see {@link close}. */
  gitAuthorization(user: string): Promise<string>
  /** The same for the forge's programming interface. */
  apiAuthorization(user: string): Promise<string>
  /** Forget a minted token after the forge refused it. */
  dropGitAuthorization(user: string): void
  /**
   * All refs of a repository right now, for settling intents; undefined when it does not exist. Read as `asUser`, who
   * must be able to fetch it (a pusher is); when they no longer can, as the owner, if that is a person. Annotated tags
   * are given by the id of the tag object. Names are git's bytes read as latin1.
   */
  refs(repo: RepoRef, part: 'code' | 'wiki', asUser: string): Promise<ReadonlyMap<string, string> | undefined>
  /** Releases and drafts of a repository as `user` sees it; undefined when they may not know of it. */
  releases(repo: RepoRef, asUser: string): Promise<readonly ForgeRelease[] | undefined>
  /** SHA-256 in hex of a file that a release or an issue holds; undefined when `user` may not read it, or nothing holds it. */
  attachment(uuid: string, asUser: string): Promise<string | undefined>
  /** A pull request as `user` sees it; undefined when there is none, or they may not know of it. */
  pull(repo: RepoRef, index: number, asUser: string): Promise<ForgePull | undefined>
  /** What people made before and what still acts beside or behind the gateway, as far as the forge shows it to an administrator. */
  leftovers(): Promise<readonly Leftover[]>
  /** End one that has an id; whether it is gone. */
  endLeftover(leftover: Leftover): Promise<boolean>
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
