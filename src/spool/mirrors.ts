import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fetchInto } from './fetch.ts'
import type { Git, ObjectFormat } from './git.ts'
import type { SpoolLimits } from './limits.ts'
import { readRefs } from './mirror-refs.ts'
import { makeBare } from './quarantine.ts'
import type { Place, SpoolLog } from './spool.ts'
import { Turns } from './turns.ts'

/** A repository as its mirror shows it: read when the last fetch had ended, and not changed by later ones. */
export interface MirrorView {
  readonly path: string
  /** Ids by the names of refs, as latin1. */
  readonly refs: ReadonlyMap<string, string>
}

export type Mirrored =
  | { readonly kind: 'view'; readonly view: MirrorView }
  | { readonly kind: 'none'; readonly why: 'too-large' | 'failed' | 'slow' }

/** A mirror as one push uses it. While it is held, nothing that it borrows is removed. */
export interface MirrorLease {
  /** What a former fetch left, possibly out of date; null when there was none. */
  readonly before: string | null
  /** What a fetch that began after this push asked has brought. Never rejects. */
  readonly updated: Promise<Mirrored>
  /** Something was missing that may be the mirror's fault: have git look it through when nobody uses it. */
  doubt(): void
  release(): void
}

export interface MirrorsOptions {
  readonly dir: string
  readonly git: Git
  readonly limits: SpoolLimits
  readonly log: SpoolLog
  readonly now: () => number
  readonly closing: AbortSignal
}

/** Its presence says that a fetch has come to its end here; its time, when the mirror was last used. */
const READY = 'ready'
/** Packs that fetches have left before they are joined into one. */
const PACKS_BEFORE_REPACK = 24
/** For how long a repository that was too large is not tried again. */
const TOO_LARGE_MS = 600_000
/** A mirror is looked through no more often than this: pushes that leave something out are not its fault. */
const DOUBT_MS = 600_000

/**
 * Bare copies of repositories, for display, for what thin packs leave out, and for commits that a page's change is held
 * against, which are asked for by id; nothing rests on what a mirror says of refs. Each fetch writes
 * packs and removes nothing, so a push can go on reading what it borrowed.
 */
export class Mirrors {
  readonly #options: MirrorsOptions
  readonly #turns: Turns
  readonly #mirrors = new Map<string, Mirror>()

  constructor(options: MirrorsOptions) {
    this.#options = options
    this.#turns = new Turns(options.limits.processes)
  }

  /** Take over what a former run left whole, remove the rest. */
  async start(): Promise<void> {
    const { dir } = this.#options
    await mkdir(dir, { recursive: true, mode: 0o700 })
    for (const name of await readdir(dir)) {
      const path = join(dir, name)
      const key = /^(\d+-(?:code|wiki)-sha(?:1|256))-\w{6}$/.exec(name)?.[1]
      const ready = key === undefined ? undefined : await stat(join(path, READY)).catch(() => undefined)
      if (key === undefined || !ready || this.#mirrors.has(key)) {
        await rm(path, { recursive: true, force: true })
        continue
      }
      const mirror = new Mirror(key, this.#options, this.#turns)
      mirror.adopt(path, await packedBytes(path), ready.mtimeMs)
      this.#mirrors.set(key, mirror)
    }
    await this.#evict()
  }

  /** Hold the mirror of a push's repository, and have it brought up to date. */
  lease({ account, repo, part, remote }: Place, format: ObjectFormat): MirrorLease {
    const key = `${repo.id}-${part}-${format}`
    let mirror = this.#mirrors.get(key)
    if (!mirror) {
      mirror = new Mirror(key, this.#options, this.#turns)
      this.#mirrors.set(key, mirror)
    }
    const held = mirror
    held.enter()
    const before = held.path
    const updated = held
      .update(account, format, remote)
      .then(async (mirrored) => {
        await this.#evict()
        return mirrored
      })
      .catch((error: unknown): Mirrored => {
        this.#options.log.warn({ mirror: key, error: String(error) }, 'a mirror could not be kept')
        return { kind: 'none', why: 'failed' }
      })
    let released = false
    return {
      before,
      updated,
      doubt: () => held.doubt(),
      release: () => {
        if (released) return
        released = true
        held.leave()
      },
    }
  }

  /** Resolves when nothing here runs any more. */
  async settled(): Promise<void> {
    await Promise.all([...this.#mirrors.values()].map((mirror) => mirror.settled()))
  }

  /** Remove those not used for longest until all together fit. One that a push uses stays. */
  async #evict(): Promise<void> {
    const unused = [...this.#mirrors.entries()]
      .filter(([, mirror]) => mirror.idle)
      .sort(([, a], [, b]) => a.usedAt - b.usedAt)
    let total = 0
    for (const mirror of this.#mirrors.values()) total += mirror.bytes
    for (const [key, mirror] of unused) {
      if (total <= this.#options.limits.mirrorsBytes) return
      total -= mirror.bytes
      this.#mirrors.delete(key)
      await mirror.remove()
    }
  }
}

class Mirror {
  readonly #key: string
  readonly #options: MirrorsOptions
  readonly #turns: Turns
  path: string | null = null
  bytes = 0
  usedAt = 0
  #users = 0
  #tooLargeUntil = 0
  #doubted = false
  #lookedThroughAt = Number.NEGATIVE_INFINITY
  /** Former places, which a push may still borrow from. */
  #former: string[] = []
  /** What runs now, and the fetch that waits for it: whoever asks meanwhile shares that one. */
  #running: Promise<unknown> | null = null
  #next: Promise<Mirrored> | null = null

  constructor(key: string, options: MirrorsOptions, turns: Turns) {
    this.#key = key
    this.#options = options
    this.#turns = turns
  }

  adopt(path: string, bytes: number, usedAt: number): void {
    this.path = path
    this.bytes = bytes
    this.usedAt = usedAt
  }

  get idle(): boolean {
    return this.#users === 0 && this.#running === null && this.#next === null
  }

  enter(): void {
    this.#users++
    this.usedAt = this.#options.now()
  }

  doubt(): void {
    this.#doubted = true
  }

  leave(): void {
    this.usedAt = this.#options.now()
    if (--this.#users > 0) return
    void this.#exclusive(() => this.#tidy()).catch((error: unknown) =>
      this.#options.log.warn({ mirror: this.#key, error: String(error) }, 'a mirror could not be tidied'),
    )
  }

  async settled(): Promise<void> {
    while (this.#running ?? this.#next) await Promise.allSettled([this.#running, this.#next])
  }

  async remove(): Promise<void> {
    const places = [...this.#former, ...(this.path === null ? [] : [this.path])]
    this.#former = []
    this.path = null
    this.bytes = 0
    for (const place of places) await rm(place, { recursive: true, force: true, maxRetries: 3 })
  }

  /** Bring it up to date by a fetch that begins after this call. */
  update(account: string, format: ObjectFormat, remote: Place['remote']): Promise<Mirrored> {
    if (this.#next) return this.#next
    const fetch = (): Promise<Mirrored> => this.#fetch(account, format, remote)
    if (!this.#running) return this.#exclusive(fetch)
    const next = this.#running
      .catch(() => {})
      .then(() => {
        this.#next = null
        return this.#exclusive(fetch)
      })
    this.#next = next
    return next
  }

  /** Run alone on this mirror. */
  async #exclusive<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running) await this.#running.catch(() => {})
    const running = work()
    this.#running = running
    try {
      return await running
    } finally {
      if (this.#running === running) this.#running = null
    }
  }

  async #fetch(account: string, format: ObjectFormat, remote: Place['remote']): Promise<Mirrored> {
    const { limits, closing, log, now } = this.#options
    if (now() < this.#tooLargeUntil) return { kind: 'none', why: 'too-large' }
    const release = await this.#turns.take(account, closing)
    if (!release) return { kind: 'none', why: 'failed' }
    const signal = AbortSignal.any([closing, AbortSignal.timeout(limits.fetchMs)])
    try {
      // One that git finds broken, or that cannot take the new state, is made anew; when that fails as well the
      // trouble is not here, and what there was stays.
      const first = await this.#fetchOnce(format, remote, signal, this.path)
      const mirrored =
        first.kind === 'none' && first.why === 'failed' && this.path !== null && !signal.aborted
          ? await this.#fetchOnce(format, remote, signal, null)
          : first
      if (mirrored.kind === 'none' && mirrored.why === 'too-large') this.#tooLargeUntil = now() + TOO_LARGE_MS
      return mirrored
    } catch (error) {
      log.warn(
        { mirror: this.#key, error: (error as NodeJS.ErrnoException).code },
        'a mirror could not be written',
      )
      return { kind: 'none', why: 'failed' }
    } finally {
      release()
    }
  }

  async #fetchOnce(
    format: ObjectFormat,
    remote: Place['remote'],
    signal: AbortSignal,
    present: string | null,
  ): Promise<Mirrored> {
    const { dir, git, limits, log } = this.#options
    const path = present ?? (await mkdtemp(join(dir, `${this.#key}-`)))
    try {
      if (present === null) await makeBare(path, format)
      const fetched = await fetchInto({ git, path, remote, limits, signal, size: () => packedBytes(path) })
      const refs = fetched.ok ? await readRefs(git, path, limits, signal) : undefined
      if (refs) {
        await writeFile(join(path, READY), '', { mode: 0o600 })
        await utimes(join(path, READY), new Date(this.usedAt), new Date(this.usedAt))
        if (this.path !== null && this.path !== path) this.#former.push(this.path)
        this.adopt(path, await packedBytes(path), this.usedAt)
        return { kind: 'view', view: { path, refs } }
      }
      const why = fetched.ok ? 'failed' : fetched.error.why
      const said = fetched.ok ? 'its refs could not be read' : fetched.error.said
      if (!signal.aborted || why !== 'failed')
        log.warn({ mirror: this.#key, why, said }, 'a mirror was not brought up to date')
      return { kind: 'none', why }
    } finally {
      if (this.path !== path) await rm(path, { recursive: true, force: true, maxRetries: 3 })
    }
  }

  /** With no push here: former places go, a mirror that lacks something too, and many packs become one. */
  async #tidy(): Promise<void> {
    if (this.#users > 0) return
    for (const place of this.#former.splice(0))
      await rm(place, { recursive: true, force: true, maxRetries: 3 })
    const { path } = this
    const { now, closing } = this.#options
    if (path === null || closing.aborted) return
    if (this.#doubted && now() - this.#lookedThroughAt >= DOUBT_MS) {
      this.#doubted = false
      this.#lookedThroughAt = now()
      if (!(await this.#run(path, ['rev-list', '--objects', '--all', '--quiet'])) && !closing.aborted)
        return this.remove()
    }
    const packs = (await readdir(join(path, 'objects', 'pack'))).filter((name) => name.endsWith('.pack'))
    if (packs.length <= PACKS_BEFORE_REPACK) return
    await this.#run(path, ['repack', '-a', '-d', '-q'])
    await this.#run(path, ['pack-refs', '--all'])
    this.bytes = await packedBytes(path)
  }

  async #run(path: string, args: readonly string[]): Promise<boolean> {
    const { git, limits, closing } = this.#options
    const release = await this.#turns.take('', closing)
    if (!release) return false
    const bounds = {
      memory: limits.processBytes,
      seconds: limits.processSeconds,
      file: limits.mirrorBytes,
    }
    const { by, code } = await git.run({ args, repository: path, bounds, signal: closing }).finally(release)
    return by === 'exit' && code === 0
  }
}

/** Bytes of the packs and what git is writing of them: all that grows in a mirror. */
async function packedBytes(path: string): Promise<number> {
  const folder = join(path, 'objects', 'pack')
  let bytes = 0
  for (const name of await readdir(folder).catch(() => []))
    bytes += (await stat(join(folder, name)).catch(() => ({ size: 0 }))).size // a name may go while we look
  return bytes
}
