import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { Landing, Patch } from '../core/git/landing.ts'
import { isZeroId } from '../core/git/ref-update.ts'
import type { Refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { readPatch } from './changes.ts'
import { type Git, type GitBounds, NO_FILES, type ObjectFormat } from './git.ts'
import { indexPush } from './index-push.ts'
import type { SpoolLimits } from './limits.ts'
import { type Looked, lookInto, unseen } from './look.ts'
import type { Mirrored, MirrorLease, Mirrors } from './mirrors.ts'
import { makeQuarantine, type Quarantine } from './quarantine.ts'
import { createReader, type Reader } from './reader.ts'
import { receivePack } from './receive.ts'
import { diskFailed, gone, noPack, tookTooLong } from './refusals.ts'
import type { Room, Share } from './room.ts'
import type { Incoming, SpooledPush, SpoolLog } from './spool.ts'
import type { Turns } from './turns.ts'

export interface PushContext {
  /** The directory of all quarantines. */
  readonly pushes: string
  readonly git: Git
  readonly mirrors: Mirrors
  readonly limits: SpoolLimits
  readonly log: SpoolLog
  readonly room: Room
  readonly turns: Turns
}

/** A pack may outgrow what came by the objects that it was made against. */
const COMPLETED_MORE = 64 << 20

/** Why a push is not looked into. */
const WITHOUT = {
  'too-large': 'The repository is too large to be looked into here.',
  failed: 'The repository could not be read.',
  slow: 'The repository could not be read in time.',
} as const

export class Push implements SpooledPush {
  readonly #incoming: Incoming
  readonly #context: PushContext
  readonly #share: Share
  readonly #lease: MirrorLease
  readonly #onDisposed: () => void
  /** Ends everything that runs for this push. */
  readonly #ending = new AbortController()
  readonly #format: ObjectFormat
  readonly #quarantine: Promise<Quarantine>
  #received = 0
  #looked: Promise<Looked> | null = null
  #pack: string | null = null
  #disposed: Promise<void> | null = null
  /** What runs for this push; the directory goes when it is gone. */
  readonly #running = new Set<Promise<unknown>>()

  constructor(incoming: Incoming, context: PushContext, share: Share, onDisposed: () => void) {
    this.#incoming = incoming
    this.#context = context
    this.#share = share
    this.#onDisposed = onDisposed
    this.#format = incoming.updates[0]?.after.length === 64 ? 'sha256' : 'sha1'
    this.#lease = context.mirrors.lease(incoming, this.#format)
    this.#quarantine = makeQuarantine(context.pushes, this.#format)
    this.#quarantine.catch(() => {}) // whoever awaits it first says so
  }

  receive(chunks: AsyncIterator<Buffer>, signal: AbortSignal): Promise<Result<boolean, Refusal>> {
    return this.#step(signal, async (ending) => {
      const { limits, room } = this.#context
      const { raw } = await this.#quarantine
      const received = await receivePack({
        chunks,
        path: raw,
        format: this.#format,
        room,
        share: this.#share,
        signal: ending,
        slowestBytesPerSecond: limits.slowestBytesPerSecond,
        slowestWindowMs: limits.slowestWindowMs,
      })
      if (!received.ok) return received
      this.#received = received.value
      // git sends a pack, if an empty one, with anything but deletions.
      if (received.value === 0 && this.#named().length > 0) return err(noPack())
      return ok(received.value > 0)
    })
  }

  async index(signal: AbortSignal): Promise<Refusal | undefined> {
    const result = await this.#step(signal, async (ending) => {
      if (this.#received === 0) return ok(undefined)
      const { room, limits, git, log, turns } = this.#context
      const twice = this.#share.take(this.#received) // the raw bytes and the pack are there at once
      if (twice) return err(twice)
      const late = AbortSignal.timeout(limits.indexMs)
      const quarantine = await this.#quarantine
      const indexed = await indexPush({
        git,
        quarantine,
        named: this.#named(),
        mirror: { before: this.#lease.before, updated: (until) => this.#mirrored(until) },
        turn: (until) => turns.take(this.#incoming.account, until),
        most: limits.pushBytes,
        bounds: this.#bounds(limits.pushBytes + COMPLETED_MORE),
        log,
        signal: AbortSignal.any([ending, late]),
      })
      if (!indexed.ok) return late.aborted && !ending.aborted ? err(tookTooLong()) : indexed
      await rm(quarantine.raw)
      const { path, size, bytes } = indexed.value
      this.#share.give(this.#share.taken)
      const refused = room.fits(size) ?? this.#share.take(bytes)
      if (refused) return err(refused)
      this.#pack = path
      return ok(undefined)
    })
    return result.ok ? undefined : result.error
  }

  look(signal: AbortSignal): Promise<Landing> {
    const looked = this.#look(AbortSignal.any([signal, this.#ending.signal])).catch(
      (error: unknown): Looked => {
        this.#warn(error, 'a held push could not be looked into')
        return {
          landing: unseen(this.#incoming.updates, 'The push could not be looked into.'),
          changes: [],
          incomplete: false,
        }
      },
    )
    this.#looked = this.#track(looked)
    return looked.then(({ landing }) => landing)
  }

  async #look(ending: AbortSignal): Promise<Looked> {
    const { limits } = this.#context
    const { updates } = this.#incoming
    const mirrored = await this.#mirrored(ending)
    if (mirrored.kind === 'none')
      return { landing: unseen(updates, WITHOUT[mirrored.why]), changes: [], incomplete: false }
    await (await this.#quarantine).borrow(mirrored.view.path)
    const read = await this.#reader(AbortSignal.any([ending, AbortSignal.timeout(limits.lookMs)]))
    const looked = await lookInto({ read, view: mirrored.view, updates, most: limits.refsLookedInto })
    if (looked.incomplete) this.#lease.doubt()
    return looked
  }

  async patch(ref: number, bytes: number): Promise<Patch> {
    const change = (await this.#looked)?.changes[ref]
    if (!change || this.#disposed) return { files: [], cut: true }
    const late = AbortSignal.timeout(this.#context.limits.patchMs)
    const read = await this.#reader(AbortSignal.any([this.#ending.signal, late]))
    return this.#track(readPatch(read, change, bytes))
  }

  /** Each question takes its turn like the work of any other push of this account. */
  async #reader(signal: AbortSignal): Promise<Reader> {
    const { git, turns } = this.#context
    const inTurn: Git = {
      run: async (run) => {
        const release = await turns.take(this.#incoming.account, run.signal)
        if (!release) return { by: 'aborted', code: null, stderr: '' }
        return git.run(run).finally(release)
      },
    }
    const { repository } = await this.#quarantine
    return createReader({
      git: inTurn,
      repository,
      format: this.#format,
      bounds: this.#bounds(NO_FILES),
      signal,
    })
  }

  pack(): Readable | null {
    return this.#pack === null || this.#disposed ? null : createReadStream(this.#pack)
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#remove()
    return this.#disposed
  }

  async #remove(): Promise<void> {
    this.#ending.abort()
    await Promise.allSettled(this.#running)
    try {
      const quarantine = await this.#quarantine.catch(() => undefined)
      await quarantine?.remove()
    } finally {
      this.#share.leave()
      this.#lease.release()
      this.#onDisposed()
    }
  }

  /** Ids that must be there, each once. */
  #named(): string[] {
    return [...new Set(this.#incoming.updates.map(({ after }) => after))].filter((id) => !isZeroId(id))
  }

  #bounds(file: number): GitBounds {
    const { processBytes, processSeconds } = this.#context.limits
    return { memory: processBytes, seconds: processSeconds, file }
  }

  /** What the mirror shows now, waiting no longer than a person would. */
  async #mirrored(signal: AbortSignal): Promise<Mirrored> {
    const late = AbortSignal.any([signal, AbortSignal.timeout(this.#context.limits.mirrorWaitMs)])
    const slow = Promise.withResolvers<Mirrored>()
    const giveUp = (): void => slow.resolve({ kind: 'none', why: 'slow' })
    if (late.aborted) giveUp()
    late.addEventListener('abort', giveUp, { once: true })
    return Promise.race([this.#lease.updated, slow.promise])
  }

  #warn(error: unknown, message: string): void {
    this.#context.log.warn({ error: (error as NodeJS.ErrnoException).code ?? String(error) }, message)
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    const done = (): void => void this.#running.delete(work)
    work.then(done, done)
    return work
  }

  /** A step of the push. Whatever ends it early frees everything before that is told. */
  async #step<T>(
    signal: AbortSignal,
    work: (ending: AbortSignal) => Promise<Result<T, Refusal>>,
  ): Promise<Result<T, Refusal>> {
    const ending = AbortSignal.any([signal, this.#ending.signal])
    let result: Result<T, Refusal>
    try {
      result = ending.aborted ? err(gone()) : await this.#track(work(ending))
    } catch (error) {
      this.#warn(error, 'a held push could not be kept')
      result = err(diskFailed())
    }
    if (result.ok && ending.aborted) result = err(gone())
    if (!result.ok) await this.dispose().catch(() => {})
    return result
  }
}
