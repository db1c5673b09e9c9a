import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Dispatcher, Pool } from 'undici'
import type { Ending } from '../git/ending.ts'
import { decodeRaw, type HeaderList } from './headers.ts'

/** A request as it goes to the forge: nothing of the client's message is in it that was not put there. */
export interface Outbound {
  readonly method: string
  /** Canonical path with query. */
  readonly path: string
  readonly headers: HeaderList
  readonly body: Readable | null
}

export interface Watch {
  /** Sees the status and every field of the answer before the client does; what it returns is sent. */
  head(status: number, raw: HeaderList): { status: number; headers: HeaderList }
  /** The client's answer began long ago: of the forge's, only the body of a 200 goes on. */
  readonly begun?: boolean
  /** Sees body bytes as they pass; they cannot be changed here. */
  data?(chunk: Buffer): void
}

const CLIENT_GONE = new Error('client gone')

/**
 * Send `out` to the forge and stream the answer to `res`: back-pressure both ways, aborts both ways, early answers,
 * 103 and trailers as they come. When the forge fails before its answer began, `res` is untouched and the caller
 * refuses; when it fails later, the client's connection is cut so that a truncated body is never taken for a whole one.
 */
export function forward(pool: Pool, out: Outbound, res: ServerResponse, watch: Watch): Promise<Ending> {
  return new Promise((resolve) => {
    const handler = new Passing(res, watch, resolve)
    res.once('close', handler.clientClosed)
    try {
      pool.dispatch(out as Dispatcher.DispatchOptions, handler)
    } catch (error) {
      handler.finish({ kind: 'upstream-failed', status: undefined, error: error as Error })
    }
  })
}

class Passing implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse
  readonly #watch: Watch
  readonly #resolve: (ending: Ending) => void
  #controller: Dispatcher.DispatchController | undefined
  #status: number | undefined
  #done = false
  /** Whether the client was ever too slow: only then does anybody listen for it to catch up. */
  #paused = false

  constructor(res: ServerResponse, watch: Watch, resolve: (ending: Ending) => void) {
    this.#res = res
    this.#watch = watch
    this.#resolve = resolve
  }

  readonly clientClosed = (): void => {
    if (this.#done) return
    if (this.#res.writableFinished) return
    this.finish({ kind: 'client-gone', status: this.#status })
    this.#controller?.abort(CLIENT_GONE)
  }

  readonly #resume = (): void => this.#controller?.resume()

  finish(ending: Ending): void {
    if (this.#done) return
    this.#done = true
    this.#res.off('close', this.clientClosed)
    this.#res.off('drain', this.#resume)
    this.#resolve(ending)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#res.destroyed) controller.abort(CLIENT_GONE)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const raw = decodeRaw((controller.rawHeaders ?? []) as Buffer[])
    if (status < 200) {
      // Only 103 means something end to end (RFC 8297); 100 belongs to our hop and 101 never comes.
      const link =
        status === 103
          ? raw[raw.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'link') + 1]
          : undefined
      if (link !== undefined && !this.#res.headersSent) this.#res.writeEarlyHints({ link })
      return
    }
    if (this.#watch.begun) {
      if (status === 200) this.#status = status
      else controller.abort(new Error(`the forge answered ${status}`))
      return
    }
    const head = this.#watch.head(status, raw)
    this.#status = status
    this.#res.writeHead(head.status, head.headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#watch.data?.(chunk)
    if (this.#res.write(chunk)) return
    controller.pause()
    if (this.#paused) return
    this.#paused = true
    this.#res.on('drain', this.#resume)
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const trailers = controller.rawTrailers as Buffer[] | null | undefined
    if (trailers && trailers.length > 0) {
      const flat = decodeRaw(trailers)
      this.#res.addTrailers(
        Array.from(
          { length: flat.length / 2 },
          (_, i) => [flat[2 * i]!, flat[2 * i + 1]!] as [string, string],
        ),
      )
    }
    const status = this.#status!
    this.#res.end(() => this.finish({ kind: 'complete', status }))
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#done) return
    const status = this.#status
    this.finish({ kind: 'upstream-failed', status, error })
    if (status !== undefined) this.#res.destroy()
  }
}

/** Whether a request message has a body (RFC 9112 section 6.3). */
export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers['content-length']
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}
