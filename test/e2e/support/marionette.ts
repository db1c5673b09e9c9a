import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

// Marionette, the door by which a stock Firefox is driven. A frame is `LENGTH:JSON`, the length in bytes. A command is
// `[0, id, name, params]` and its answer `[1, id, error, result]`; the server speaks first, once.

/** What Firefox says went wrong; `name` is WebDriver's, such as `no such element`. */
export class MarionetteError extends Error {
  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

/** One connection. Commands may overlap; Firefox answers them in order. */
export class Marionette implements Disposable {
  readonly #socket: Socket
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #received: Buffer = Buffer.alloc(0)
  #sent = 0
  #greeted = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', () => {})
    socket.on('close', () => this.#fail(new Error('Firefox closed the connection')))
  }

  static async connect(port: number): Promise<Marionette> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Marionette(socket)
  }

  /** Rejects with {@link MarionetteError} when Firefox says no. The answer's shape is the caller's knowledge. */
  send(command: string, params: object = {}): Promise<any> {
    const id = ++this.#sent
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection to Firefox is closed'))
      this.#waiting.set(id, { resolve, reject })
      const json = JSON.stringify([0, id, command, params])
      this.#socket.write(`${Buffer.byteLength(json)}:${json}`)
    })
  }

  /** Run the body of an async function in the page; `arguments` holds `args`. */
  async evaluate(body: string, args: readonly unknown[] = []): Promise<any> {
    const script = `return (async function () {${body}})(...arguments)`
    return (await this.send('WebDriver:ExecuteScript', { script, args })).value
  }

  /** The same with the browser's own rights, outside of every page. */
  async inBrowser(body: string, args: readonly unknown[] = []): Promise<any> {
    await this.send('Marionette:SetContext', { value: 'chrome' })
    try {
      return await this.evaluate(body, args)
    } finally {
      await this.send('Marionette:SetContext', { value: 'content' })
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    for (;;) {
      const colon = this.#received.indexOf(':')
      if (colon < 0) return
      const end = colon + 1 + Number(this.#received.toString('latin1', 0, colon))
      if (!(end <= this.#received.length)) return
      const frame: unknown = JSON.parse(this.#received.toString('utf8', colon + 1, end))
      this.#received = this.#received.subarray(end)
      if (this.#greeted)
        this.#answer(frame as [1, number, { error: string; message: string } | null, unknown])
      this.#greeted = true
    }
  }

  #answer([, id, error, result]: [1, number, { error: string; message: string } | null, unknown]): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) waiting?.reject(new MarionetteError(error.error, error.message))
    else waiting?.resolve(result)
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
