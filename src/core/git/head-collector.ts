import { readPacket } from './pkt-line.ts'
import { type HeadState, LIMITS, type Limits, readReceivePackHead } from './receive-pack.ts'

const NEED_MORE: HeadState = { kind: 'need-more' }

/**
 * Collects the head of a receive-pack request from chunks of any size. Each byte is looked at once while packet
 * boundaries are found; the head is parsed when a flush says that it may be whole (at most twice), so a client that
 * drips single bytes buys no work with them.
 */
export class HeadCollector {
  readonly #limits: Limits
  #buffer = Buffer.alloc(16 * 1024)
  #length = 0
  #scanned = 0

  constructor(limits: Limits = LIMITS) {
    this.#limits = limits
  }

  /** Add bytes. A `head` answer's `rest` holds what came after the head in them. */
  push(chunk: Uint8Array): HeadState {
    this.#append(chunk)
    for (;;) {
      const packet = readPacket(this.#bytes, this.#scanned)
      if (packet.kind === 'malformed') return { kind: 'error', error: 'malformed' }
      if (packet.kind === 'need-more') {
        return this.#length > this.#limits.headBytes ? { kind: 'error', error: 'too-large' } : NEED_MORE
      }
      this.#scanned += packet.size
      if (packet.kind === 'flush') {
        const state = readReceivePackHead(this.#bytes, false, this.#limits)
        if (state.kind !== 'need-more') return state
      }
    }
  }

  /** No more will come. */
  end(): HeadState {
    return readReceivePackHead(this.#bytes, true, this.#limits)
  }

  get #bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #append(chunk: Uint8Array): void {
    if (this.#length + chunk.length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#length + chunk.length))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    this.#buffer.set(chunk, this.#length)
    this.#length += chunk.length
  }
}
