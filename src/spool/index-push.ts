import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Git, GitBounds } from './git.ts'
import { holdsAll } from './holds-all.ts'
import { type Indexed, type IndexedPack, indexPack } from './index-pack.ts'
import type { Mirrored } from './mirrors.ts'
import type { Quarantine } from './quarantine.ts'
import {
  basesOutOfReach,
  corrupt,
  cutShort,
  diskFailed,
  gone,
  notHolding,
  tookTooLong,
  trailing,
  unknownBases,
} from './refusals.ts'
import type { SpoolLog } from './spool.ts'

export interface PushIndexing {
  readonly git: Git
  readonly quarantine: Quarantine
  /** Ids that the commands name. */
  readonly named: readonly string[]
  /** What a former fetch left, if anything, and what the one under way will bring. */
  readonly mirror: { readonly before: string | null; updated(signal: AbortSignal): Promise<Mirrored> }
  /** A turn at the processor; undefined when `signal` aborted first. */
  readonly turn: (signal: AbortSignal) => Promise<(() => void) | undefined>
  readonly most: number
  readonly bounds: GitBounds
  readonly log: SpoolLog
  readonly signal: AbortSignal
}

type Attempt = 'whole' | 'bases' | 'named' | Refusal

/**
 * Index what was received, and see that it holds what the push names: first beside what a former fetch left, so that a
 * small push need not wait for the forge; when that does not do, beside the repository as it is now.
 */
export async function indexPush(push: PushIndexing): Promise<Result<IndexedPack, Refusal>> {
  const { git, quarantine, mirror, bounds, signal, log } = push
  const { repository, raw } = quarantine
  let pack: IndexedPack | undefined

  async function attempt(place: string | null): Promise<Attempt> {
    await quarantine.borrow(place)
    const release = await push.turn(signal)
    if (!release) return gone()
    try {
      if (!pack) {
        const indexed = await indexPack({ git, repository, raw, most: push.most, bounds, signal })
        if (indexed.kind !== 'pack') {
          await empty(join(repository, 'objects', 'pack'))
          if (indexed.kind === 'unknown-bases') return 'bases'
          log.info({ why: indexed.kind, said: indexed.said }, 'a held pack is no good')
          return words(indexed.kind)
        }
        pack = indexed
      }
      return (await holdsAll({ git, repository, ids: push.named, bounds, signal })) ? 'whole' : 'named'
    } finally {
      release()
    }
  }

  let outcome: Attempt = mirror.before === null ? 'named' : await attempt(mirror.before)
  if (outcome === 'bases' || outcome === 'named') {
    const mirrored = await mirror.updated(signal)
    const reached = mirrored.kind === 'view'
    outcome = await attempt(reached ? mirrored.view.path : mirror.before)
    // What the push names may well be in the repository that could not be read: the forge will judge, and nothing is shown.
    if (!reached && outcome === 'named') outcome = 'whole'
    if (!reached && outcome === 'bases') outcome = basesOutOfReach()
  }
  if (signal.aborted) return err(gone())
  if (outcome === 'whole' && pack) return ok(pack)
  if (outcome === 'bases') return err(unknownBases())
  return err(typeof outcome === 'string' ? notHolding() : outcome)
}

/** git leaves what it had written of a pack that it gave up. */
async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { force: true })
}

function words(kind: Exclude<Indexed['kind'], 'pack' | 'unknown-bases'>): Refusal {
  switch (kind) {
    case 'trailing':
      return trailing()
    case 'cut-short':
      return cutShort()
    case 'corrupt':
      return corrupt()
    case 'too-much':
      return tookTooLong()
    case 'disk':
      return diskFailed()
    case 'aborted':
      return gone()
  }
}
