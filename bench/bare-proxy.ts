// The yardstick: what it costs to take a request with Node's server, send it on with undici's pool and stream the
// answer back, when nobody asks who is there and nothing is changed.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Dispatcher, Pool } from 'undici'

const pool = new Pool(process.argv[2]!, {
  connections: 128,
  pipelining: 1,
  headersTimeout: 0,
  bodyTimeout: 0,
})

class Streaming implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse
  constructor(res: ServerResponse) {
    this.#res = res
  }
  onRequestStart(): void {}
  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const headers = (controller.rawHeaders as Buffer[]).map((part) => part.toString('latin1'))
    this.#res.writeHead(status, headers)
    this.#res.on('drain', () => controller.resume())
  }
  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#res.write(chunk)) controller.pause()
  }
  onResponseEnd(): void {
    this.#res.end()
  }
  onResponseError(): void {
    this.#res.destroy()
  }
}

/** undici frames a body itself; a push comes chunked, or with its length. */
function withoutFraming(raw: readonly string[]): string[] {
  return raw.filter((_, i) => !/^(?:transfer-encoding|expect|connection)$/i.test(raw[i - (i % 2)]!))
}

const server = createServer((req, res) => {
  const body = req.method === 'POST' ? req : null
  const headers = body ? withoutFraming(req.rawHeaders) : req.rawHeaders
  pool.dispatch({ method: req.method as 'GET', path: req.url!, headers, body }, new Streaming(res))
})
server.listen(0, '127.0.0.1', () =>
  process.send!({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
)
