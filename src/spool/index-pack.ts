import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git, GitBounds } from './git.ts'

export interface IndexedPack {
  readonly kind: 'pack'
  readonly path: string
  /** Of the pack, and of pack and index. */
  readonly size: number
  readonly bytes: number
}

/** What git made of the raw bytes. */
export type Indexed =
  | IndexedPack
  | {
      readonly kind: 'trailing' | 'unknown-bases' | 'cut-short' | 'corrupt' | 'too-much' | 'disk' | 'aborted'
      /** For the log alone. */
      readonly said: string
    }

export interface Indexing {
  readonly git: Git
  readonly repository: string
  readonly raw: string
  /** Largest input, in bytes. */
  readonly most: number
  readonly bounds: GitBounds
  readonly signal: AbortSignal
}

/**
 * `git index-pack --stdin --fix-thin` on the raw file. A pack made against what the repository has is completed, so that it
 * stands alone; then what is indexed is what will be sent. Of a regular file git
 * itself refuses any byte behind the end of the pack.
 */
export async function indexPack(indexing: Indexing): Promise<Indexed> {
  const { git, repository, raw, most, bounds, signal } = indexing
  const input = await open(raw, 'r')
  let answer = Buffer.alloc(0)
  const { by, code, stderr } = await git
    .run({
      args: ['index-pack', '--stdin', '--fix-thin', '--threads=1', `--max-input-size=${most}`],
      repository,
      bounds,
      signal,
      stdin: input.fd,
      output: (chunk) => {
        answer = Buffer.concat([answer, chunk])
        return answer.length <= ANSWER_LONGEST
      },
    })
    .finally(() => input.close())
  if (by === 'aborted') return { kind: 'aborted', said: stderr }
  if (by === 'killed') return { kind: 'too-much', said: stderr }
  if (by !== 'exit' || code !== 0) return { kind: failure(stderr), said: stderr }
  const hash = /^pack\t([0-9a-f]{40}|[0-9a-f]{64})\n$/.exec(answer.toString('latin1'))?.[1]
  if (hash === undefined) return { kind: 'corrupt', said: stderr }
  const folder = join(repository, 'objects', 'pack')
  const path = join(folder, `pack-${hash}.pack`)
  let bytes = 0
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size
  return { kind: 'pack', path, size: (await stat(path)).size, bytes }
}

const ANSWER_LONGEST = 128

/** git's own words, in the C locale, tell a pack that leaves out too much from one that is damaged. */
function failure(stderr: string): Exclude<Indexed['kind'], 'pack' | 'aborted'> {
  if (/junk at the end/.test(stderr)) return 'trailing'
  if (/[Oo]ut of memory|unable to create thread|exceeds maximum/.test(stderr)) return 'too-much'
  if (/unresolved delta/.test(stderr)) return 'unknown-bases'
  if (/No space left|Disk quota exceeded|Input\/output error/.test(stderr)) return 'disk'
  return /early EOF/.test(stderr) ? 'cut-short' : 'corrupt'
}
