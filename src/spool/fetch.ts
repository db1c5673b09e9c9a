import { err, ok, type Result } from '../core/result.ts'
import type { Git } from './git.ts'
import type { SpoolLimits } from './limits.ts'
import type { Place } from './spool.ts'

export interface Fetching {
  readonly git: Git
  /** The mirror. */
  readonly path: string
  readonly remote: Place['remote']
  readonly limits: SpoolLimits
  readonly signal: AbortSignal
  /** How large the mirror is now, in bytes. */
  readonly size: () => Promise<number>
}

export interface FetchFailure {
  readonly why: 'too-large' | 'failed' | 'slow'
  /** For the log alone. */
  readonly said: string
}

/** Branches, tags and what pull requests point at; nothing else that a remote may call a ref, replacements least of all. */
const REFSPECS = ['heads', 'tags', 'pull'].map((kind) => `+refs/${kind}/*:refs/${kind}/*`)
const LOOK_MS = 250

/** `git fetch` into a mirror. The header that opens the remote is in git's environment, never in its arguments. */
export async function fetchInto(fetching: Fetching): Promise<Result<undefined, FetchFailure>> {
  const { git, path, remote, limits, signal, size } = fetching
  const scheme = URL.parse(remote.url)?.protocol.slice(0, -1)
  if (scheme !== 'http' && scheme !== 'https' && scheme !== 'file')
    return err({ why: 'failed', said: 'not an address to fetch from' })
  let header: string
  try {
    header = await remote.authorization()
  } catch {
    return err({ why: 'failed', said: 'no authority to read it' })
  }
  const outgrown = new AbortController()
  const watch = setInterval(() => {
    void size().then((bytes) => {
      if (bytes > limits.mirrorBytes) outgrown.abort()
    })
  }, LOOK_MS)
  try {
    const config = [
      'protocol.allow=never',
      `protocol.${scheme}.allow=always`,
      'http.followRedirects=false', // the header is for this address
      'credential.helper=',
      'fetch.unpackLimit=1', // always a pack: nothing but packs grows
      'transfer.fsckObjects=false', // old repositories hold old mistakes; they are to be shown all the same
    ]
    const { by, code, stderr } = await git.run({
      args: [
        ...config.flatMap((line) => ['-c', line]),
        'fetch',
        '--quiet',
        '--prune',
        '--force',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-recurse-submodules',
        '--no-auto-maintenance',
        '--',
        remote.url,
        ...REFSPECS,
      ],
      repository: path,
      bounds: { memory: limits.processBytes, seconds: limits.processSeconds, file: limits.mirrorBytes },
      signal: AbortSignal.any([signal, outgrown.signal]),
      secrets: header === '' ? [] : [[`http.${remote.url}.extraHeader`, `Authorization: ${header}`]],
    })
    if (outgrown.signal.aborted || (await size()) > limits.mirrorBytes)
      return err({ why: 'too-large', said: 'larger than a mirror may be' })
    if (by === 'exit' && code === 0) return ok(undefined)
    return err({ why: by === 'aborted' ? 'slow' : 'failed', said: stderr })
  } finally {
    clearInterval(watch)
  }
}
