import { randomBytes } from '../core/crypto.ts'

// Letters and digits that are not taken for one another when read aloud or typed from a terminal (RFC 8628 section 6.1).
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
const LENGTH = 8

/** A fresh code, e.g. `7FQK-2MPA`: 31^8, about 39 bits, of use only to the account whose push it names. */
export function newCode(): string {
  let code = ''
  while (code.length < LENGTH) {
    for (const byte of randomBytes(LENGTH)) {
      // What does not divide evenly is thrown away, so that no letter is likelier than another.
      if (byte < 248 && code.length < LENGTH) code += ALPHABET[byte % ALPHABET.length]
    }
  }
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

/** What a person typed as the code it means, or undefined when it means none. Any case; spaces and dash as they like. */
export function readCode(typed: string): string | undefined {
  // `typed` is the attacker's.
  if (typed.length > 40 || !/^[a-z0-9\s-]+$/i.test(typed)) return undefined
  const bare = typed.toUpperCase().replace(/[\s-]/g, '')
  if (bare.length !== LENGTH || [...bare].some((letter) => !ALPHABET.includes(letter))) return undefined
  return `${bare.slice(0, 4)}-${bare.slice(4)}`
}
