import type { ServerResponse } from 'node:http'
import { band, oneLine } from '../../core/git/report-status.ts'

export const RESULT = 'application/x-git-receive-pack-result'

/** git's own habit while it is busy (`receive.keepAlive`), ms. */
const KEEP_ALIVE = 5_000

/**
 * The answer to a push that waits (gitprotocol-pack, "Side-band"): begun long before there is anything to report, kept alive
 * by empty packets that git does not show, with lines for the terminal on channel 2.
 */
export class HeldAnswer {
  readonly #res: ServerResponse
  #begun = false
  #beating: NodeJS.Timeout | undefined

  constructor(res: ServerResponse) {
    this.#res = res
  }

  /** Whether the client has its head already. */
  get begun(): boolean {
    return this.#begun
  }

  begin(): void {
    if (this.#begun || this.#res.destroyed) return
    this.#begun = true
    // Proxies in front must not collect what is for the person now.
    this.#res.writeHead(200, {
      'content-type': RESULT,
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    })
    this.#res.flushHeaders()
    this.#beating = setInterval(() => this.#res.write(band(2, Buffer.alloc(0))), KEEP_ALIVE)
    this.#res.once('close', () => this.quiet())
  }

  say(line: string): void {
    this.begin()
    if (!this.#res.destroyed) this.#res.write(band(2, Buffer.from(`${oneLine(line)}\n`)))
  }

  /** The forge speaks from here on, and keeps the connection alive itself. */
  quiet(): void {
    clearInterval(this.#beating)
  }
}
