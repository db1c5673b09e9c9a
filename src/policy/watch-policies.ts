import { type FSWatcher, watch } from 'node:fs'
import type { LoadedPolicies } from './load-policies.ts'
import { LOCK_FILE } from './lock-file.ts'
import { type Hashes, hashPolicyFiles, type Stamp, stampPolicyFiles } from './policy-files.ts'
import { PolicyError } from './sources.ts'

export interface PolicyWatch {
  /** Why the files as they are now are not in force, `file:line: why`; null when they are. */
  readonly problem: string | null
  /** Resolves when nothing is read any more. */
  stop(): Promise<void>
}

/** Milliseconds. */
export interface Pace {
  /** How often the directory is looked at in any case. */
  readonly poll: number
  /** How long files stay as they are before they are read: a burst is one change, and a half-written file none. */
  readonly quiet: number
  /** How long until files that could not be used are tried again: the forge may know a name by then. */
  readonly retry: number
}

const PACE: Pace = { poll: 2_000, quiet: 200, retry: 30_000 }

/**
 * Reload policy when files in `dir` change, which need not exist yet. Files are compared by content, so touching one is no
 * change, nor is a lock file that the load itself wrote. Files that cannot be used leave the last good set in force; why
 * is logged once and shown as `problem` until they can. When a directory that held policies is gone as a whole, that too
 * leaves them in force: a lost mount is not a decision of anybody.
 */
export function watchPolicies(deps: {
  dir: string
  policy: Pick<LoadedPolicies, 'reload' | 'inForce'>
  log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
    error(fields: object, message: string): void
  }
  pace?: Pace
}): PolicyWatch {
  const { dir, policy, log, pace = PACE } = deps
  let problem: string | null = null
  const told = new Set<string>()
  let tried: Hashes | undefined = policy.inForce.files
  let triedAt = performance.now()
  let last: Stamp | undefined // as last seen; read once it is seen twice
  let read: Stamp | undefined
  let watched: { readonly dir: bigint; readonly watcher: FSWatcher } | undefined
  let soon: NodeJS.Timeout | undefined
  let turn: Promise<void> = Promise.resolve()
  let waiting = false
  let stopped = false

  /** One look at a time; one more is enough for whatever happens meanwhile. */
  function look(): void {
    if (waiting || stopped) return
    waiting = true
    turn = turn.then(async () => {
      waiting = false
      if (!stopped) await step()
    })
  }

  function lookSoon(): void {
    if (stopped) return
    soon ??= setTimeout(() => {
      soon = undefined
      look()
    }, pace.quiet).unref()
  }

  async function step(): Promise<void> {
    const stamp = await stampPolicyFiles(dir)
    follow(stamp.dir)
    const settled = sameStamp(stamp, last)
    last = stamp
    if (!settled) return lookSoon()
    const again = problem !== null && performance.now() - triedAt >= pace.retry
    if (sameStamp(stamp, read) && !again) return
    read = stamp
    try {
      await reloadIfChanged(stamp.dir !== undefined, again)
    } catch (error) {
      failed(error)
    }
  }

  async function reloadIfChanged(exists: boolean, again: boolean): Promise<void> {
    if (!exists && holdsPolicies(policy.inForce.files)) {
      tried = undefined
      throw new PolicyError(dir, 1, 'the directory is gone')
    }
    const hashes = await hashPolicyFiles(dir)
    if (tried && sameHashes(hashes, tried) && !again) return
    tried = hashes
    const { digest } = policy.inForce
    await policy.reload()
    if (policy.inForce.digest !== digest)
      log.info({ digest: policy.inForce.digest, previous: digest }, 'other policies are in force')
    tried = policy.inForce.files // what was really read, with the lock as it was written
    if (problem !== null) log.warn({ digest: policy.inForce.digest }, 'the policy files can be used again')
    problem = null
    told.clear()
  }

  function failed(error: unknown): void {
    triedAt = performance.now()
    problem = error instanceof Error ? error.message : String(error)
    if (told.has(problem)) return
    told.add(problem)
    const fields = error instanceof PolicyError ? { problem } : { problem, err: error }
    log.error(fields, 'the policy files cannot be used; the last good policies stay in force')
  }

  /** Events make it quick; the poll finds what they miss, and a directory that appears or is exchanged. */
  function follow(now: bigint | undefined): void {
    if (watched?.dir === now || stopped) return
    watched?.watcher.close()
    watched = undefined
    if (now === undefined) return
    try {
      const watcher = watch(dir, { persistent: false }, lookSoon)
      watcher.on('error', () => watcher.close())
      watched = { dir: now, watcher }
    } catch {
      // no events on this file system: the poll is what there is
    }
  }

  const polling = setInterval(look, pace.poll).unref()
  look()
  return {
    get problem() {
      return problem
    },
    async stop() {
      stopped = true
      clearInterval(polling)
      clearTimeout(soon)
      watched?.watcher.close()
      await turn
    },
  }
}

function sameStamp(a: Stamp, b: Stamp | undefined): boolean {
  return b !== undefined && a.dir === b.dir && a.files === b.files
}

function sameHashes(a: Hashes, b: Hashes): boolean {
  return a.size === b.size && [...a].every(([file, hash]) => b.get(file) === hash)
}

function holdsPolicies(files: Hashes): boolean {
  return [...files.keys()].some((file) => file !== LOCK_FILE)
}
