import { Cursor } from '../bytes.ts'

// A COSE_Key for ES256 in CTAP2 canonical CBOR (RFC 9053 section 7.1.1, CTAP 2.1 section 8), 77 bytes:
//   {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
const HEAD = Buffer.from('a5010203262001215820', 'hex')
const MIDDLE = Buffer.from('225820', 'hex')

/** The uncompressed point of an ES256 credential key; undefined for any other key or encoding. */
export function es256Point(cose: Uint8Array): Buffer | undefined {
  try {
    const cursor = new Cursor(cose)
    if (!cursor.take(HEAD.length).equals(HEAD)) return undefined
    const x = cursor.take(32)
    if (!cursor.take(MIDDLE.length).equals(MIDDLE)) return undefined
    const y = cursor.take(32)
    cursor.end()
    return Buffer.concat([Buffer.from([4]), x, y])
  } catch {
    return undefined
  }
}
