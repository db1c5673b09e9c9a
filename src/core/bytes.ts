import { Buffer } from 'node:buffer'

/** Raised by {@link Cursor} alone; each parser catches it at its edge and returns a tagged error. */
export class ShortRead extends Error {
  readonly code = 'short-read'
}

/**
 * A reader over attacker-controlled bytes. It never reads past the end, and {@link Cursor.end} lets a parser insist
 * that nothing is left: trailing bytes are an attack surface.
 */
export class Cursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Offset of the next byte to read. */
  get at(): number {
    return this.#at
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** The next `n` bytes as a view (not a copy). */
  take(n: number): Buffer {
    if (n < 0 || n > this.left) throw new ShortRead(`wanted ${n} bytes, ${this.left} left`)
    const view = this.#bytes.subarray(this.#at, this.#at + n)
    this.#at += n
    return view
  }

  u8(): number {
    return this.take(1).readUInt8(0)
  }

  u16(): number {
    return this.take(2).readUInt16BE(0)
  }

  u32(): number {
    return this.take(4).readUInt32BE(0)
  }

  /** An SSH string (RFC 4251 section 5): u32 length, then that many bytes. */
  string(): Buffer {
    return this.take(this.u32())
  }

  /** Everything that is left. */
  rest(): Buffer {
    return this.take(this.left)
  }

  /** Refuse leftovers. */
  end(): void {
    if (this.left !== 0) throw new ShortRead(`${this.left} bytes after the end`)
  }
}

/** u32 in network order. */
export function u32(value: number): Buffer {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(value)
  return out
}

/** An SSH string (RFC 4251 section 5). Text is taken as UTF-8. */
export function sshString(value: Uint8Array | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([u32(bytes.length), bytes])
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const BASE64URL = /^[A-Za-z0-9_-]*$/

/** Strict padded base64 (RFC 4648 section 4): one spelling per value, or undefined. */
export function fromBase64(text: string): Buffer | undefined {
  if (!BASE64.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** Strict unpadded base64url (RFC 4648 section 5): one spelling per value, or undefined. */
export function fromBase64url(text: string): Buffer | undefined {
  if (!BASE64URL.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
