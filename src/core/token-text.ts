import { randomBytes, sha256 } from './crypto.ts'

// A gateway token (docs/formats/token.md): `cst_`, 40 random characters, 6 of checksum. The prefix and the checksum let
// a scanner of secrets tell a leaked one from any other text, and let a door refuse a mistyped one without a look-up.

const PREFIX = 'cst_'
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM = 40
const CHECK = 6

/** A fresh token: 238 random bits. */
export function newToken(): string {
  let random = ''
  // 248 is the largest multiple of 62 in a byte: above it, some characters would come more often.
  while (random.length < RANDOM)
    for (const byte of randomBytes(RANDOM))
      if (byte < 248 && random.length < RANDOM) random += ALPHABET[byte % 62]
  return PREFIX + random + checksum(random)
}

/** Whether `text` is spelled as a token of ours; whether it opens anything is another question. */
export function isTokenText(text: string): boolean {
  // `text` is the attacker's.
  if (!/^cst_[0-9A-Za-z]{46}$/.test(text)) return false
  const random = text.slice(PREFIX.length, PREFIX.length + RANDOM)
  return text.slice(-CHECK) === checksum(random)
}

/** The first 32 bits of SHA-256 over prefix and random part, in base 62, most significant digit first. */
function checksum(random: string): string {
  let value = sha256(PREFIX + random).readUInt32BE(0)
  let digits = ''
  for (let i = 0; i < CHECK; i++) {
    digits = ALPHABET[value % 62] + digits
    value = Math.floor(value / 62)
  }
  return digits
}
