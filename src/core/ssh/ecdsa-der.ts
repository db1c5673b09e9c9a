import { Cursor } from '../bytes.ts'

/** r || s, 32 bytes each, from ASN.1 DER `SEQUENCE { INTEGER r, INTEGER s }` (RFC 3279 section 2.2.3); undefined unless DER. */
export function p1363FromDer(der: Uint8Array): Buffer | undefined {
  try {
    const cursor = new Cursor(der) // attacker-controlled
    if (cursor.u8() !== 0x30) return undefined
    const length = cursor.u8()
    if (length > 127 || length !== cursor.left) return undefined
    const pair = Buffer.concat([integer(cursor), integer(cursor)])
    cursor.end()
    return pair
  } catch {
    return undefined
  }
}

function integer(cursor: Cursor): Buffer {
  if (cursor.u8() !== 0x02) throw new RangeError('not an INTEGER')
  const bytes = cursor.take(cursor.u8())
  const first = bytes[0]
  if (first === undefined || first & 0x80) throw new RangeError('empty or negative')
  if (first === 0 && (bytes.length === 1 || !(bytes[1]! & 0x80))) throw new RangeError('not minimal')
  const digits = first === 0 ? bytes.subarray(1) : bytes
  if (digits.length > 32) throw new RangeError('too long')
  return Buffer.concat([Buffer.alloc(32 - digits.length), digits])
}
