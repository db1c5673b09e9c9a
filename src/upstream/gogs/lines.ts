import { type RouteLine, refuse } from './routes/fate.ts'
import { ROUTES } from './routes.ts'

/** A line of Gogs whose addresses are known. */
export interface GogsLine {
  readonly routes: readonly RouteLine[]
  /** Whether its forms carry a token of its own against request forgery. */
  readonly csrf: boolean
}

/** What came out as 0.14. */
export const GOGS_0_14: GogsLine = { routes: ROUTES, csrf: true }

/**
 * What is being made for 0.15, as of the middle of 2026. Signing in moved to an application of its own below `/api/web`, which is
 * refused as all of `/api` is; pages and forms of repositories, organisations and administration stay as they were.
 */
export const GOGS_MAIN: GogsLine = {
  // Leads anywhere.
  routes: [...ROUTES, ['ANY', '/redirect', refuse('internal')]],
  csrf: false,
}

/** The line of a version, as `0.14.3`; undefined for one whose addresses nobody has looked through. */
export function lineOf(version: string): GogsLine | undefined {
  if (/^0\.14\.\d+$/.test(version)) return GOGS_0_14
  return /^0\.15\.0\+dev$/.test(version) ? GOGS_MAIN : undefined
}
