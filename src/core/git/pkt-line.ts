// gitprotocol-common, "pkt-line Format":
//   pkt-line  = data-pkt / flush-pkt
//   data-pkt  = pkt-len pkt-payload      pkt-len = 4 hex digits, the length including itself, 0005 to fff0 (65520)
//   flush-pkt = "0000"                   "0001" and "0002" belong to protocol v2, "0003" to nothing, "0004" is empty

export const MAX_PKT = 65520
export const FLUSH: Buffer = Buffer.from('0000')

/** A data line from text (latin1: one character a byte) or bytes. The caller keeps it under {@link MAX_PKT}. */
export function writePktLine(payload: Uint8Array | string): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload
  if (bytes.length + 4 > MAX_PKT) throw new RangeError('pkt-line too long')
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}

/** One packet read from the front of `bytes`. */
export type Packet =
  | { readonly kind: 'data'; readonly payload: Buffer; readonly size: number }
  | { readonly kind: 'flush'; readonly size: 4 }
  | { readonly kind: 'need-more' }
  | { readonly kind: 'malformed' }

const NEED_MORE: Packet = { kind: 'need-more' }
const MALFORMED: Packet = { kind: 'malformed' }

/** Read the packet at `at`. Lengths are hex digits only: no sign, no space, no prefix. */
export function readPacket(bytes: Buffer, at: number): Packet {
  if (bytes.length - at < 4) return NEED_MORE
  let size = 0
  for (let i = 0; i < 4; i++) {
    const digit = hexDigit(bytes[at + i]!)
    if (digit === -1) return MALFORMED
    size = size * 16 + digit
  }
  if (size === 0) return { kind: 'flush', size: 4 }
  if (size < 4 || size > MAX_PKT) return MALFORMED
  if (bytes.length - at < size) return NEED_MORE
  return { kind: 'data', payload: bytes.subarray(at + 4, at + size), size }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  if (byte >= 97 && byte <= 102) return byte - 87
  if (byte >= 65 && byte <= 70) return byte - 55
  return -1
}
