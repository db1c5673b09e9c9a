import { ADMIN_API } from './api/admin.ts'
import { REPO_API } from './api/repos.ts'
import { USER_API } from './api/users.ts'
import { EDITOR } from './pages/editor.ts'
import { ISSUES } from './pages/issues.ts'
import { MILESTONES } from './pages/milestones.ts'
import { ORGS } from './pages/orgs.ts'
import { PULLS } from './pages/pulls.ts'
import { RELEASES } from './pages/releases.ts'
import { REPO } from './pages/repo.ts'
import { REPO_SETTINGS } from './pages/repo-settings.ts'
import { SETTINGS } from './pages/settings.ts'
import { SITE } from './pages/site.ts'
import { WIKI } from './pages/wiki.ts'
import type { Handler, RouteLine, Who } from './visit.ts'

// The first that fits is taken, so words stand before open segments.
const LINES: readonly RouteLine[] = [
  ...SITE,
  ...SETTINGS,
  ...ORGS,
  ...USER_API,
  ...ADMIN_API,
  ...REPO_API,
  ...ISSUES,
  ...MILESTONES,
  ...PULLS,
  ...EDITOR,
  ...RELEASES,
  ...WIKI,
  ...REPO_SETTINGS,
  ...REPO,
]

export interface FoundRoute {
  readonly who: Who
  readonly handler: Handler
  readonly params: string[]
}

/** `:` is one segment, a last `*` the rest with its slashes. */
export function findRoute(method: string, segments: readonly string[]): FoundRoute | undefined {
  for (const [wanted, pattern, who, handler] of LINES) {
    const params = wanted === method ? match(pattern.split('/').slice(1), segments) : undefined
    if (params) return { who, handler, params }
  }
  return undefined
}

function match(pattern: readonly string[], segments: readonly string[]): string[] | undefined {
  const params: string[] = []
  for (const [at, word] of pattern.entries()) {
    if (word === '*') return [...params, segments.slice(at).join('/')]
    const segment = segments[at]
    if (segment === undefined) return undefined
    if (word === ':') params.push(segment)
    else if (word === '#' && /^[0-9]+$/.test(segment)) params.push(segment)
    else if (word !== segment) return undefined
  }
  return pattern.length === segments.length ? params : undefined
}
