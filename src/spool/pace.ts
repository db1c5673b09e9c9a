const PARTS = 6

/**
 * Whether a client keeps sending. `stalled` is called when over a whole window less came than the slowest rate allows; the
 * window slides by a sixth of itself. A call and not a promise: a promise that lasts for the whole push would keep every chunk
 * that was ever raced against it.
 */
export class Pace {
  stalled: () => void = () => {}
  readonly #timer: NodeJS.Timeout
  readonly #parts: number[] = [0]

  constructor(bytesPerSecond: number, windowMs: number) {
    const least = (bytesPerSecond * windowMs) / 1000
    this.#timer = setInterval(() => {
      if (this.#parts.length === PARTS) {
        if (this.#parts.reduce((sum, part) => sum + part, 0) < least) this.stalled()
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
