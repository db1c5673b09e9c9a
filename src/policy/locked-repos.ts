import { mkdirSync } from 'node:fs'
import type { ResolveRepo } from '../core/policy/engine.ts'
import { readLock, writeLock } from './lock-file.ts'
import { PolicyError } from './sources.ts'

const UNKNOWN = 'unknown'

/**
 * Ids of repositories that settings name, kept in the lock beside those of policies and by the same rule: a name means what it
 * meant when it was first read, so that a new repository under an old name is not taken for it. Rejects with {@link PolicyError}.
 */
export async function lockedRepos(
  names: readonly string[],
  deps: {
    readonly dir: string
    readonly file: string
    readonly resolve: ResolveRepo
    readonly drifted: (name: string, locked: string, now: string | undefined) => void
  },
): Promise<ReadonlySet<number>> {
  if (names.length === 0) return new Set()
  const { lock } = readLock(deps.dir)
  const grown = new Map(lock)
  const ids = new Set<number>()
  for (const name of names.map((each) => each.toLowerCase())) {
    const [owner = '', repo = ''] = name.split('/')
    // A forge that does not answer is no reason to mean something else: the lock says it, or nothing does.
    const asked = deps.resolve(owner, repo).then(
      (found) => found?.id.toString(),
      () => UNKNOWN,
    )
    const now = await asked
    const id = grown.get(`Repo ${name}`) ?? (now === UNKNOWN ? undefined : now)
    if (id === undefined)
      throw new PolicyError(deps.file, 1, `the forge has no repository "${name}", or could not be asked`)
    if (id !== now && now !== UNKNOWN) deps.drifted(name, id, now)
    grown.set(`Repo ${name}`, id)
    ids.add(Number(id))
  }
  if (grown.size > lock.size) {
    mkdirSync(deps.dir, { recursive: true, mode: 0o700 })
    writeLock(deps.dir, grown)
  }
  return ids
}
