import type { Forge, ForgeRepo } from '../upstream/forge.ts'
import type { RepoLookup } from './context.ts'

const REMEMBER_MS = 5_000
const REMEMBER_AT_MOST = 20_000

/**
 * Remembers which repository a name meant for a person, so that a page costs the forge no second request. Only reads
 * use what is remembered; "not there" never is, so that a new repository is seen at once.
 */
export function createRepoLookup(forge: Pick<Forge, 'repo'>): RepoLookup {
  const seen = new Map<string, { repo: ForgeRepo; until: number }>()
  const key = (owner: string, name: string, user: string | null): string =>
    `${user ?? ''} ${owner}/${name}`.toLowerCase()
  return {
    remembered(owner, name, asUser, now) {
      const found = seen.get(key(owner, name, asUser))
      return found && found.until > now ? found.repo : undefined
    },
    async find(owner, name, asUser, now) {
      const repo = await forge.repo(owner, name, asUser)
      if (!repo) {
        seen.delete(key(owner, name, asUser))
        return undefined
      }
      if (seen.size >= REMEMBER_AT_MOST) seen.delete(seen.keys().next().value!)
      seen.set(key(owner, name, asUser), { repo, until: now + REMEMBER_MS })
      return repo
    },
  }
}
