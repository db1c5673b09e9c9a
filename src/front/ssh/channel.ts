import { Buffer } from 'node:buffer'
import { Duplex } from 'node:stream'
import {
  writeClose,
  writeData,
  writeEof,
  writeErrorData,
  writeExitStatus,
  writeWindowAdjust,
} from '../../core/ssh/connection-message.ts'
import { SshError, type Transport } from './transport.ts'

/** Bytes that a client may have on their way to us. */
export const WINDOW = 2 << 20
/** Bytes of data in one packet, both ways. */
export const MAX_DATA = 32 * 1024

/**
 * One session channel (RFC 4254 section 5) as a stream: reading gives room back to the client, writing waits for the client's. Who
 * reads nothing is sent nothing more, and a client that sends more than it may is cut.
 */
export class Channel extends Duplex {
  readonly id: number
  /** Aborts when the client closed the channel, will not read any more, or left. */
  readonly gone: AbortSignal
  readonly #transport: Transport
  readonly #peer: number
  readonly #maxData: number
  readonly #gone = new AbortController()
  /** Bytes that the client may still send; and that it may still be sent. */
  #incoming = WINDOW
  #outgoing: number
  #waiting: { data: Buffer; done: (error?: Error | null) => void } | undefined
  #closed = false
  #started = false

  constructor(transport: Transport, id: number, peer: number, window: number, maxPacket: number) {
    super({ readableHighWaterMark: WINDOW / 2, writableHighWaterMark: 256 * 1024 })
    this.id = id
    this.gone = this.#gone.signal
    this.#transport = transport
    this.#peer = peer
    this.#outgoing = window
    this.#maxData = Math.min(maxPacket, MAX_DATA)
    this.on('error', () => {}) // whoever writes hears of it by `gone`
  }

  get peer(): number {
    return this.#peer
  }

  /** Whether a command runs in it already; then true from now on. */
  start(): boolean {
    const before = this.#started
    this.#started = true
    return before
  }

  /** Data of the client. */
  takeData(data: Buffer): void {
    if (data.length > this.#incoming || data.length > MAX_DATA)
      throw new SshError('more data than there is room')
    this.#incoming -= data.length
    if (this.readableEnded || this.destroyed) {
      this.#grant()
      return
    }
    this.push(Buffer.from(data))
    this.#grant()
  }

  /** The client sends no more. */
  takeEof(): void {
    if (!this.readableEnded && !this.destroyed) this.push(null)
  }

  /** The client has room for more. */
  takeRoom(bytes: number): void {
    this.#outgoing += bytes
    if (this.#outgoing > 0xffff_ffff) throw new SshError('a window beyond its limit')
    this.pump()
  }

  /** The client closed it, or will not read what comes. */
  takeGone(): void {
    this.#gone.abort()
    this.#waiting?.done()
    this.#waiting = undefined
    this.#close()
    this.destroy()
  }

  /** Text for the person's terminal, on standard error; as much as there is room for. */
  say(text: string): void {
    if (this.#closed) return
    const bytes = Buffer.from(text).subarray(0, Math.min(this.#outgoing, this.#maxData))
    if (bytes.length === 0) return
    this.#outgoing -= bytes.length
    this.#transport.send(writeErrorData(this.#peer, bytes))
  }

  /** Everything written goes out, then the status that git waits for, then the channel ends. */
  exit(status: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed || this.destroyed) {
        resolve()
        return
      }
      this.once('close', resolve)
      this.end(() => {
        if (!this.#closed) this.#transport.send(writeExitStatus(this.#peer, status))
        this.#close()
        resolve()
      })
    })
  }

  /** Write on what waited for room. */
  pump(): void {
    while (this.#waiting) {
      const { data, done } = this.#waiting
      if (data.length === 0) {
        this.#waiting = undefined
        done()
        continue
      }
      const bytes = Math.min(data.length, this.#outgoing, this.#maxData)
      if (bytes === 0) return
      this.#outgoing -= bytes
      this.#waiting.data = data.subarray(bytes)
      if (!this.#transport.send(writeData(this.#peer, data.subarray(0, bytes)))) return
    }
  }

  override _read(): void {} // data comes as the client sends it

  /** What is taken out makes room, and only afterwards: `_read` is called before, and not every time. */
  override read(size?: number): Buffer | null {
    const chunk = super.read(size) as Buffer | null
    if (chunk !== null) this.#grant()
    return chunk
  }

  override _write(data: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#closed) {
      done(new Error('the channel is closed'))
      return
    }
    this.#waiting = { data, done }
    this.pump()
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.#closed) this.#transport.send(writeEof(this.#peer))
    done()
  }

  /** Give back the room of what was read, in pieces that are worth a packet. */
  #grant(): void {
    if (this.#closed) return
    const bytes = WINDOW - this.#incoming - this.readableLength
    if (bytes < WINDOW / 4) return
    this.#incoming += bytes
    this.#transport.send(writeWindowAdjust(this.#peer, bytes))
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#transport.send(writeClose(this.#peer))
  }
}
