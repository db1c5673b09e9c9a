const PARTS = 6

/**
 * Whether a client keeps sending. `stalled` resolves when over a whole window less came than the slowest rate allows; the
 * window slides by a sixth of itself.
 */
export class Pace {
  readonly stalled: Promise<'stalled'>
  readonly #timer: NodeJS.Timeout
  readonly #parts: number[] = [0]

  constructor(bytesPerSecond: number, windowMs: number) {
    const least = (bytesPerSecond * windowMs) / 1000
    const { promise, resolve } = Promise.withResolvers<'stalled'>()
    this.stalled = promise
    this.#timer = setInterval(() => {
      if (this.#parts.length === PARTS) {
        if (this.#parts.reduce((sum, part) => sum + part, 0) < least) resolve('stalled')
        this.#parts.shift()
      }
      this.#parts.push(0)
    }, windowMs / PARTS)
    this.#timer.unref()
  }

  came(bytes: number): void {
    this.#parts[this.#parts.length - 1]! += bytes
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
