import { Buffer } from 'node:buffer'
import { u32 } from '../bytes.ts'
import { aesKey, openAesGcm, randomBytes, type SecretKey, sealAesGcm } from '../crypto.ts'

// RFC 4253 section 6, and with AES-GCM RFC 5647 as OpenSSH has it (PROTOCOL section 1.6): the length in the clear and
// authenticated, then  byte padding_length, payload, random padding  encrypted, then a tag of 16 bytes.

/** RFC 4253 section 6.1 asks for 35,000 at least; a window's worth of data comes in packets of 32 KiB. */
export const MAX_PACKET = 256 * 1024
const TAG = 16

/** Keys of one direction. The nonce is a fixed part and a counter (RFC 5647 section 7.1); it never repeats under one key. */
export class PacketKey {
  readonly #key: SecretKey
  readonly #nonce: Buffer

  constructor(key: Uint8Array, nonce: Uint8Array) {
    this.#key = aesKey(key)
    this.#nonce = Buffer.from(nonce)
  }

  seal(length: Buffer, body: Buffer): readonly [Buffer, Buffer] {
    const sealed = sealAesGcm(this.#key, this.#nonce, length, body)
    this.#count()
    return sealed
  }

  open(length: Buffer, body: Buffer, tag: Buffer): Buffer | undefined {
    const opened = openAesGcm(this.#key, this.#nonce, length, body, tag)
    this.#count()
    return opened
  }

  #count(): void {
    for (let at = 11; at >= 4; at--) {
      this.#nonce[at] = (this.#nonce[at]! + 1) & 0xff
      if (this.#nonce[at] !== 0) return
    }
  }
}

/** Parts of a packet, in order, to be written as they are. */
export function writePacket(payload: Uint8Array, key: PacketKey | null): readonly Buffer[] {
  const block = key ? 16 : 8
  // The length itself counts only where it is encrypted, too (RFC 5647 section 7.2).
  let padding = block - (((key ? 1 : 5) + payload.length) % block)
  if (padding < 4) padding += block
  const length = u32(1 + payload.length + padding)
  const body = Buffer.allocUnsafe(1 + payload.length + padding)
  body[0] = padding
  body.set(payload, 1)
  // Random where it is seen (section 6); behind a cipher that authenticates, zeros say as little.
  if (key) body.fill(0, 1 + payload.length)
  else body.set(randomBytes(padding), 1 + payload.length)
  return key ? [length, ...key.seal(length, body)] : [length, body]
}

export type ReadPacket =
  | { readonly kind: 'packet'; readonly payload: Buffer; readonly size: number }
  | { readonly kind: 'need-more' }
  | { readonly kind: 'malformed' }
  /** The tag does not hold: somebody changed it on its way. */
  | { readonly kind: 'forged' }

const NEED_MORE: ReadPacket = { kind: 'need-more' }
const MALFORMED: ReadPacket = { kind: 'malformed' }

/** Read the packet at `at`. A length that no packet can have is refused before any of it is waited for. */
export function readPacket(bytes: Buffer, at: number, key: PacketKey | null): ReadPacket {
  if (bytes.length - at < 4) return NEED_MORE
  const length = bytes.readUInt32BE(at) // attacker-controlled
  if (length < 6 || length > MAX_PACKET || (key ? length % 16 !== 0 : (length + 4) % 8 !== 0))
    return MALFORMED
  const size = 4 + length + (key ? TAG : 0)
  if (bytes.length - at < size) return NEED_MORE
  let body: Buffer = bytes.subarray(at + 4, at + 4 + length)
  if (key) {
    const opened = key.open(bytes.subarray(at, at + 4), body, bytes.subarray(at + 4 + length, at + size))
    if (!opened) return { kind: 'forged' }
    body = opened
  }
  const padding = body[0]!
  if (padding < 4 || padding > length - 2) return MALFORMED // a payload has a type at least
  return { kind: 'packet', payload: body.subarray(1, length - padding), size }
}
