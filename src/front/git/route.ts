import { known, type Passage } from '../../flow/passage.ts'
import type { Route } from '../../upstream/forge.ts'

export type GitRoute = Extract<Route, { kind: 'git' }>

/** The forge's own spelling of the repository, whatever the client's was. */
export function upstreamPath(passage: Passage, route: GitRoute, service: string): string {
  const { owner, name } = known(passage.repo, 'repo')
  return `/${encodeURIComponent(owner)}/${encodeURIComponent(name)}${route.part === 'wiki' ? '.wiki' : ''}.git${service}`
}
