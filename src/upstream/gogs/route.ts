import type { Refusal } from '../../core/refusal.ts'
import type { Route } from '../forge.ts'
import { gitRoute } from './git-route.ts'
import { isOwnerName, isRefLike, isRepoName, RESERVED } from './names.ts'
import { BAD_NAME, BAD_REF, NO_QUERY, REFUSED, UNKNOWN } from './refused.ts'
import { compileRoutes, findRoute } from './route-tree.ts'
import { type Fate, ROUTES } from './routes.ts'

// Two trees, so that a word Gogs keeps for itself can never stand where a name is meant.
const belongsToOwner = (path: string): boolean => path.startsWith('/:owner')
const SITE = compileRoutes(ROUTES.filter(([, path]) => !belongsToOwner(path)))
const OWNED = compileRoutes(ROUTES.filter(([, path]) => belongsToOwner(path)))
const ASSET: Route = { kind: 'asset' }
const SIGN_IN: Route = { kind: 'ours', page: 'sign-in' }
const SIGN_OUT: Route = { kind: 'ours', page: 'sign-out' }
const refused = (refusal: Refusal): Route => ({ kind: 'refused', refusal })
const unknown = refused(UNKNOWN)

/** Words below a repository after which the rest of the path begins with a ref. */
const TAKES_REF = new Set(['src', 'raw', 'commits', 'archive', 'compare'])

/**
 * What a request line asks of Gogs. `path` is canonical: one leading slash, no empty or dot segment, no encoded
 * separator, unreserved characters bare. Pure, and without a regular expression on the way of a plain page.
 */
export function gogsRoute(method: string, path: string, query: string): Route {
  // `method`, `path` and `query` are the attacker's.
  const segments = split(path)
  const owner = segments[0]
  if (owner === undefined || RESERVED.has(owner))
    return settle(findRoute(SITE, method, segments), method, query, null)
  if (!isOwnerName(owner)) return refused(BAD_NAME)
  if (segments.length === 1) return settle(findRoute(OWNED, method, segments), method, query, null)
  const second = segments[1]!
  if (segments.length > 2) {
    const git = gitRoute(method, segments, query)
    if (git) return git
  }
  // `/:owner/stars` and the like are pages of the person, as in Gogs.
  if (segments.length === 2 && PEOPLE.has(second))
    return settle(findRoute(OWNED, method, segments), method, query, null)
  // Gogs serves the pages of a repository under its clone address too.
  const name = second.endsWith('.git') ? second.slice(0, -4) : second
  if (!isRepoName(name)) return refused(BAD_NAME)
  if (segments.length > 3 && TAKES_REF.has(segments[2]!) && !refsAreSafe(segments)) return refused(BAD_REF)
  return settle(findRoute(OWNED, method, segments), method, query, {
    owner: owner.toLowerCase(),
    name: name.toLowerCase(),
  })
}

const PEOPLE = new Set(['followers', 'following', 'stars'])

function settle(
  fate: Fate | undefined,
  method: string,
  query: string,
  repo: { owner: string; name: string } | null,
): Route {
  switch (fate) {
    case undefined:
      return unknown
    case 'page.read':
      return { kind: 'page', verb: fate, repo }
    case 'repo.create':
    case 'issue.write':
      // Gogs reads form fields from the query as well, so the query must be empty where a form is judged.
      return query === '' || method === 'GET' ? { kind: 'page', verb: fate, repo } : refused(NO_QUERY)
    case 'asset':
      return ASSET
    case 'ours:sign-in':
      return SIGN_IN
    case 'ours:sign-out':
      return SIGN_OUT
    default:
      return refused(REFUSED[fate])
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
