/** What held pushes and the copies of repositories beside them may take. Bytes, milliseconds, counts. */
export interface SpoolLimits {
  /** Pushes on disk at once, of everybody and of one account. */
  readonly pushes: number
  readonly pushesOfAccount: number
  /** Bytes of one push, of all pushes of an account, of all pushes. While git reads a pack it counts twice. */
  readonly pushBytes: number
  readonly accountBytes: number
  readonly totalBytes: number
  /** Bytes of one mirror and of all together. */
  readonly mirrorBytes: number
  readonly mirrorsBytes: number
  /** git processes at work at once; as many fetches again, since those mostly wait for the forge. */
  readonly processes: number
  /** Address space of one git process. */
  readonly processBytes: number
  /** Processor seconds of one git process. */
  readonly processSeconds: number
  /** How long to wait for a mirror before going on without it, and when to give its fetch up. */
  readonly mirrorWaitMs: number
  readonly fetchMs: number
  readonly indexMs: number
  readonly lookMs: number
  readonly patchMs: number
  /** One merge, with everything that is looked at of it. */
  readonly mergeMs: number
  /** A client that sends less than this over a whole window has stalled. */
  readonly slowestBytesPerSecond: number
  readonly slowestWindowMs: number
  /** Refs of one push that are looked into; the others are listed. */
  readonly refsLookedInto: number
}

const MiB = 1 << 20

export const SPOOL_LIMITS: SpoolLimits = {
  pushes: 64,
  pushesOfAccount: 8,
  pushBytes: 512 * MiB,
  accountBytes: 1024 * MiB,
  totalBytes: 4096 * MiB,
  mirrorBytes: 2048 * MiB,
  mirrorsBytes: 8192 * MiB,
  processes: 2,
  processBytes: 1024 * MiB,
  processSeconds: 120,
  mirrorWaitMs: 15_000,
  fetchMs: 300_000,
  indexMs: 180_000,
  lookMs: 10_000,
  patchMs: 10_000,
  mergeMs: 30_000,
  slowestBytesPerSecond: 1024,
  slowestWindowMs: 60_000,
  refsLookedInto: 100,
}
