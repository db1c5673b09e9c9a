import { Cursor, sshString } from '../bytes.ts'

/** Two mpints (RFC 4251 section 5) of an ECDSA signature, as r || s of 32 bytes each; undefined unless spelled minimally. */
export function readEcdsaPair(bytes: Uint8Array): Buffer | undefined {
  try {
    const cursor = new Cursor(bytes)
    const halves = [fixed32(cursor.string()), fixed32(cursor.string())]
    cursor.end()
    return halves[0] && halves[1] ? Buffer.concat([halves[0], halves[1]]) : undefined
  } catch {
    return undefined
  }
}

/** The inverse: r || s to two mpints. */
export function writeEcdsaPair(pair: Uint8Array): Buffer {
  return Buffer.concat([sshString(mpint(pair.subarray(0, 32))), sshString(mpint(pair.subarray(32)))])
}

function fixed32(mpint: Buffer): Buffer | undefined {
  if (mpint.length === 0 || mpint[0]! & 0x80) return undefined // zero and negative numbers are no signature
  if (mpint[0] === 0 && (mpint.length === 1 || !(mpint[1]! & 0x80))) return undefined // not the shortest spelling
  const digits = mpint[0] === 0 ? mpint.subarray(1) : mpint
  return digits.length > 32 ? undefined : Buffer.concat([Buffer.alloc(32 - digits.length), digits])
}

/** The bytes of an mpint from an unsigned number of any length. */
export function mpint(number: Uint8Array): Buffer {
  let from = 0
  while (from < number.length - 1 && number[from] === 0) from++
  const digits = number.subarray(from)
  return digits[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : Buffer.from(digits)
}
