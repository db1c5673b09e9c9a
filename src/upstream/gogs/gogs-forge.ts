import { type Forge, ForgeError } from '../forge.ts'
import { collaborates, lookForFile } from './api/look.ts'
import { attachFiles } from './attach-files.ts'
import { createClient, SESSION_COOKIE } from './client.ts'
import { commitWays } from './commit-ways.ts'
import { sendDeletion } from './deletions.ts'
import { endLeftover, readLeftovers } from './leftovers.ts'
import { GOGS_0_14, type GogsLine, lineOf } from './lines.ts'
import { createChanges } from './merges.ts'
import { isRepoName } from './names.ts'
import { findPull } from './pulls.ts'
import { sendPush } from './push.ts'
import { gitPath, readRefs } from './refs.ts'
import { attachmentDigest, listReleases } from './releases.ts'
import { createRepo, findRepo } from './repos.ts'
import { createGogsRoute } from './route.ts'
import { basicOf, createTokens } from './tokens.ts'
import { createUser, findName, findOrganisation, findUser } from './users.ts'
import { readVersion } from './version.ts'

export interface GogsForgeOptions {
  /** What {@link Forge.name} says. */
  readonly name: string
  /** Base URL on loopback or a private network. */
  readonly origin: string
  /** `[auth] REVERSE_PROXY_AUTHENTICATION_HEADER` of this Gogs. */
  readonly headerName: string
  /** A site administrator that only the gateway acts as. */
  readonly serviceUser: string
  /** Distinguishes this gateway's tokens from those of others on the same Gogs: lower-case hex. */
  readonly instance: string
}

/** How long a version is taken to be the one that runs, ms: somebody may put another in its place. */
const VERSION_HOLDS = 10 * 60_000

/** The forge behind the gateway when it is a Gogs, or something that speaks as Gogs does. */
export function createGogsForge(options: GogsForgeOptions): Forge {
  const origin = options.origin.replace(/\/+$/, '')
  const { headerName, serviceUser } = options
  const client = createClient(origin, headerName)
  const changes = createChanges(client)
  const tokens = createTokens(client, options.instance)
  const gitAuthorization = (user: string): Promise<string> => tokens.token(user).then(basicOf)
  const gitUser = (user: string) => ({
    authorization: () => gitAuthorization(user),
    drop: () => tokens.drop(user),
  })

  let told:
    | { readonly version: string; readonly line: GogsLine | undefined; readonly until: number }
    | undefined
  let line = GOGS_0_14
  let route = createGogsRoute(line.routes)
  /** Reads of the interface as this person; a token that was swept behind our back is forgotten. */
  const asked = (name: string) => async (path: string) => {
    const answer = await client.ask({
      path: `/api/v1${path}`,
      authorization: `token ${await tokens.token(name)}`,
    })
    if (answer.status === 401) tokens.drop(name)
    return answer
  }

  const asker = { client, serviceUser, tokenOf: (user: string) => tokens.token(user) }
  const user = (name: string) => findUser(client, serviceUser, name)
  return {
    name: options.name,
    origin,
    get version() {
      return told?.version ?? null
    },
    known: (now) => (told && now < told.until ? told.line !== undefined : undefined),
    async learn(now) {
      const version = await readVersion(client, serviceUser)
      const known = lineOf(version)
      told = { version, line: known, until: now + VERSION_HOLDS }
      // Pages of a version that nobody knows are read by the addresses of the last one that somebody does.
      const next = known ?? GOGS_0_14
      if (next !== line) route = createGogsRoute(next.routes)
      line = next
    },
    route: (method, path, query) => route(method, path, query),
    identityHeaders: (name) => [[headerName, name]],
    // The header by which identity travels, its default name, everything Gogs or a program beside it could take for
    // identity or for an address.
    strippedHeaders: new Set([
      headerName.toLowerCase(),
      'x-webauth-user',
      'authorization',
      'forwarded',
      'x-real-ip',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-forwarded-user',
    ]),
    // `macaron_flash` may carry a token and is shown as markup; `_csrf` is made anew for every page without it.
    strippedCookies: new Set([
      SESSION_COOKIE,
      'gogs_awesome',
      'gogs_incredible',
      'macaron_flash',
      '_csrf',
      'redirect_to',
      'login_status',
    ]),
    sessionCookie: SESSION_COOKIE,

    user,
    nameOf: (id) => findName(client, serviceUser, id),
    org: (name) => findOrganisation(client, serviceUser, name),
    createUser: (wanted) => createUser(client, serviceUser, wanted),
    repo: (owner, name, asUser) => findRepo(client, owner, name, asUser),
    async createRepo(asUser, name, repoOptions) {
      if (!isRepoName(name)) throw new ForgeError('unexpected', 'this is no name for a repository')
      return createRepo(client, await tokens.token(asUser), name, repoOptions)
    },
    collaborates: (repo, person, asUser) => collaborates(asked(asUser), repo, person),
    file: (repo, path, asUser) => lookForFile(asked(asUser), repo, path),
    change: async (name, request, files = []) =>
      sendDeletion(client, serviceUser, name, request, line) ??
      changes(name, await attachFiles(client, name, request, files, line), line),
    commits: commitWays(client),
    push: (name, repo, part, update, pack) =>
      sendPush(client, gitUser(name), { user: name, repo, part, update, pack }, line),
    gitUrl: (repo, part) => `${origin}${gitPath(repo, part)}`,
    gitAuthorization,
    apiAuthorization: async (name) => `token ${await tokens.token(name)}`,
    dropGitAuthorization: (name) => tokens.drop(name),
    async refs(repo, part, asUser) {
      const isOwner = asUser.toLowerCase() === repo.owner.toLowerCase()
      const owner = isOwner ? undefined : await user(repo.owner)
      const pusher = await user(asUser)
      return readRefs(
        client,
        repo,
        part,
        [pusher, owner].filter((person) => person !== undefined).map(({ name }) => gitUser(name)),
      )
    },
    releases: (repo, asUser) => listReleases(client, repo, asUser),
    attachment: (uuid, asUser) => attachmentDigest(client, uuid, asUser),
    pull: (repo, index, asUser) => findPull(client, repo, index, asUser),
    leftovers: () => readLeftovers(asker),
    endLeftover: (leftover) => endLeftover(leftover, asker),
    async healthy() {
      try {
        return (await client.ask({ path: '/healthcheck' })).status === 200
      } catch {
        return false
      }
    },
    async close() {
      await tokens.close()
      await client.close()
    },
  }
}
