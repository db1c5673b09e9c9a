import type { Where } from '../../core/action/change.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Route } from '../forge.ts'
import { apiRoute } from './api/api-route.ts'
import { type ChangeLine, changeRoute } from './change-route.ts'
import { gitRoute } from './git-route.ts'
import { isOwnerName, isRefLike, isRepoName, RESERVED } from './names.ts'
import { BAD_NAME, BAD_REF, NO_QUERY, UNKNOWN } from './refused.ts'
import { compileRoutes, findRoute, type RouteTree } from './route-tree.ts'
import { type ApiFate, type Fate, leadsToOwnPage, type RouteLine } from './routes/fate.ts'
import { ROUTES } from './routes.ts'

// Two trees, so that a word Gogs keeps for itself can never stand where a name is meant.
const belongsToOwner = ([, path]: RouteLine): boolean => path.startsWith('/:owner')
const compile = (lines: readonly RouteLine[]): RouteTree<Target> =>
  compileRoutes(lines.map((line) => [line[0], line[1], targetOf(line)] as const))
const NOWHERE: Where = { repo: null, org: null }
const refused = (refusal: Refusal): Route => ({ kind: 'refused', refusal, verb: null })
const unknown = refused(UNKNOWN)

/** Words below a repository after which the rest of the path begins with a ref. */
const TAKES_REF = new Set(['src', 'raw', 'commits', 'archive', 'compare'])

interface Table {
  readonly site: RouteTree<Target>
  readonly owned: RouteTree<Target>
}

/** What a request line asks of a Gogs with these addresses. */
export function createGogsRoute(
  routes: readonly RouteLine[],
): (method: string, path: string, query: string) => Route {
  const table: Table = {
    site: compile(routes.filter((line) => !belongsToOwner(line))),
    owned: compile(routes.filter(belongsToOwner)),
  }
  return (method, path, query) => routeIn(table, method, path, query)
}

/** What a request line asks of Gogs 0.14. */
export const gogsRoute = createGogsRoute(ROUTES)

/**
 * What a request line asks of Gogs. `path` is canonical: one leading slash, no empty or dot segment, no encoded
 * separator, unreserved characters bare. Pure, and without a regular expression on the way of a plain page.
 */
function routeIn({ site, owned }: Table, method: string, path: string, query: string): Route {
  // `method`, `path` and `query` are the attacker's.
  const segments = split(path)
  const owner = segments[0]
  if (owner === undefined || RESERVED.has(owner) || site.fixed.has(owner)) {
    if (owner !== 'org' || segments.length < 3) return route(site, method, segments, query, NOWHERE)
    const org = segments[1]!
    if (!isOwnerName(org)) return refused(BAD_NAME)
    return route(site, method, segments, query, { repo: null, org: org.toLowerCase() })
  }
  if (!isOwnerName(owner)) return refused(BAD_NAME)
  if (segments.length === 1) return route(owned, method, segments, query, NOWHERE)
  const second = segments[1]!
  if (segments.length > 2) {
    const git = gitRoute(method, segments, query)
    if (git) return git
  }
  // Gogs serves the pages of a repository under its clone address too.
  const name = second.endsWith('.git') ? second.slice(0, -4) : second
  if (!isRepoName(name)) return refused(BAD_NAME)
  const repo = { owner: owner.toLowerCase(), name: name.toLowerCase() }
  // Any path below a repository can be an import path, as in Gogs; all that is said of it is where the repository is.
  if (query === GO_GET && method === 'GET') return { ...GO_GET_PAGE, repo }
  if (segments.length > 3 && TAKES_REF.has(segments[2]!) && !refsAreSafe(segments)) return refused(BAD_REF)
  return route(owned, method, segments, query, { repo, org: null })
}

/** What Go's tool puts behind every import path. */
const GO_GET = 'go-get=1'
const GO_GET_PAGE = {
  kind: 'page',
  verb: 'page.read',
  org: null,
  secret: false,
  open: true,
  goGet: true,
} as const

/** A fate, with what its line adds to the answer. `/:owner/stars` and the like are pages of the person, as in Gogs. */
type Target =
  | Exclude<Fate, { kind: 'api' | 'change' | 'page' }>
  | { readonly kind: 'api'; readonly path: string; readonly fate: ApiFate }
  | (Extract<Fate, { kind: 'page' }> & { readonly ofPerson: boolean })
  | { readonly kind: 'change'; readonly line: ChangeLine }

function targetOf([method, path, fate]: RouteLine): Target {
  if (fate.kind === 'page')
    return { ...fate, ofPerson: path.startsWith('/:owner') && !path.startsWith('/:owner/:repo') }
  if (fate.kind === 'api') return { kind: 'api', path, fate }
  if (fate.kind !== 'change') return fate
  if (method !== 'GET' && method !== 'POST') throw new Error(`a change by ${method}: ${path}`)
  return { kind: 'change', line: { method, path, schemas: fate.schemas, refusal: fate.refusal } }
}

function route(
  tree: RouteTree<Target>,
  method: string,
  segments: readonly string[],
  query: string,
  where: Where,
): Route {
  const target = findRoute(tree, method, segments)
  if (target === undefined) return unknown
  if (target.kind === 'change') return changeRoute(target.line, segments, query, where)
  if (target.kind === 'ours' && target.page === 'sign-in' && method === 'GET' && leadsToOwnPage(query))
    return { ...target, next: decodeURIComponent(query.slice('redirect_to='.length)) }
  if (target.kind === 'api')
    return apiRoute(target.path, target.fate, segments, query, (how, where) => gogsRoute(how, where, ''))
  if (target.kind !== 'page') return target
  // Gogs reads form fields from the query as well, so the query must be empty where a form is judged.
  const isRead = method === 'GET' || method === 'HEAD'
  if (!isRead && query !== '' && !(target.leadsBack && leadsToOwnPage(query))) return refused(NO_QUERY)
  return {
    kind: 'page',
    verb: target.verb,
    repo: target.ofPerson ? null : where.repo,
    org: where.org,
    secret: target.secret,
    ...(target.open && { open: true }),
    ...(target.raw && { raw: true }),
  }
}

/** Segments of a canonical path; none for the root. */
function split(path: string): string[] {
  const segments: string[] = []
  if (path === '/') return segments
  let from = 1
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', from)) {
    segments.push(path.slice(from, at))
    from = at + 1
  }
  segments.push(path.slice(from))
  return segments
}

/** The tail begins with a ref; for a comparison it is `BASE...HEAD` or `BASE...USER:HEAD`. */
function refsAreSafe(segments: readonly string[]): boolean {
  if (segments[3]!.charCodeAt(0) === 45) return false
  if (segments[2] !== 'compare') return true
  const tail = decode(segments.slice(3).join('/'))
  const ends = tail?.split('...')
  if (ends?.length !== 2) return false
  const [base, head] = ends as [string, string]
  const colon = head.indexOf(':')
  return (
    isRefLike(base) && isRefLike(head.slice(colon + 1)) && (colon === -1 || isOwnerName(head.slice(0, colon)))
  )
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
