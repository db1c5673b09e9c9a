import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok } from '../core/result.ts'
import { createGit } from './git.ts'
import { beside, inspectionOf } from './inspect.ts'
import type { SpoolLimits } from './limits.ts'
import { make } from './make-commit.ts'
import { merge } from './merge.ts'
import { Mirrors } from './mirrors.ts'
import { Push, type PushContext } from './push.ts'
import { closed } from './refusals.ts'
import { Room } from './room.ts'
import type { Spool, SpoolLog } from './spool.ts'
import { Turns } from './turns.ts'

export interface SpoolOptions {
  /** A directory of its own, used by this process alone. */
  readonly dir: string
  readonly limits: SpoolLimits
  /** The git program; `git` on PATH unless named. */
  readonly git?: string
  readonly log: SpoolLog
  /** Unix ms. */
  now(): number
}

/**
 * Open the spool below `dir`: `push/` holds one quarantine for each push and is emptied first, `mirror/` the repositories'
 * copies, which outlive a restart when whole. Rejects when the directory cannot be used.
 */
export async function createSpool({ dir, limits, git = 'git', log, now }: SpoolOptions): Promise<Spool> {
  const pushes = join(dir, 'push')
  const home = join(dir, 'home')
  for (const path of [pushes, home]) {
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
    await mkdir(path, { recursive: true, mode: 0o700 })
  }
  const closing = new AbortController()
  const runner = createGit(git, home)
  const mirrors = new Mirrors({
    dir: join(dir, 'mirror'),
    git: runner,
    limits,
    log,
    now,
    closing: closing.signal,
  })
  await mirrors.start()
  const context: PushContext = {
    pushes,
    git: runner,
    mirrors,
    limits,
    log,
    room: new Room(limits),
    turns: new Turns(limits.processes),
  }
  const open = new Set<Push>()
  const running = new Set<Promise<unknown>>()
  function track<T>(work: Promise<T>): Promise<T> {
    running.add(work)
    const over = (): void => void running.delete(work)
    work.then(over, over)
    return work
  }

  return {
    open: (incoming) => {
      if (closing.signal.aborted) return err(closed())
      const share = context.room.enter(incoming.account)
      if (!share.ok) return share
      const push = new Push(incoming, context, share.value, () => open.delete(push))
      open.add(push)
      return ok(push)
    },
    inspect: (place, work) =>
      track(beside(place, 'sha1', context, closing.signal, ({ read }) => work(inspectionOf(read)))),
    make: (place, from, plan, use) =>
      track(make({ place, from, plan, context, closing: closing.signal }, use)),
    merge: (merging, work) => track(merge(merging, 'sha1', context, closing.signal, work)),
    close: async () => {
      closing.abort()
      await Promise.allSettled(running)
      await Promise.all([...open].map((push) => push.dispose()))
      await mirrors.settled()
    },
  }
}
