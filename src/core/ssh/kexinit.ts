import { Buffer } from 'node:buffer'
import { Cursor, sshString, u32 } from '../bytes.ts'
import { err, ok, type Result } from '../result.ts'
import { MSG } from './message.ts'

// RFC 4253 section 7.1:
//   byte SSH_MSG_KEXINIT, byte[16] cookie, ten name-lists (kex, host key, cipher, mac and compression each way, languages),
//   boolean first_kex_packet_follows, uint32 0

/** Proposals of one side. The server's are these, and nothing older: each cipher brings its own integrity. */
export interface Proposal {
  readonly kex: readonly string[]
  readonly hostKey: readonly string[]
  readonly cipherToServer: readonly string[]
  readonly cipherToClient: readonly string[]
  readonly compressionToServer: readonly string[]
  readonly compressionToClient: readonly string[]
}

export interface KexInit extends Proposal {
  /** Whether a guess at the key exchange comes next (section 7). */
  readonly guesses: boolean
}

export const ML_KEM = 'mlkem768x25519-sha256'
export const KEX = [ML_KEM, 'curve25519-sha256', 'curve25519-sha256@libssh.org'] as const
export const HOST_KEY = 'ssh-ed25519'
/** Bytes of key for each cipher. */
export const CIPHERS = { 'aes128-gcm@openssh.com': 16, 'aes256-gcm@openssh.com': 32 } as const
export type Kex = (typeof KEX)[number]
export type Cipher = keyof typeof CIPHERS

/** OpenSSH PROTOCOL section 1.10: no message may slip in before the first keys, and counting begins anew with them. */
export const STRICT_CLIENT = 'kex-strict-c-v00@openssh.com'
export const STRICT_SERVER = 'kex-strict-s-v00@openssh.com'
/** RFC 8308 section 2.1. */
export const EXT_INFO_CLIENT = 'ext-info-c'

const CIPHER_NAMES = Object.keys(CIPHERS) as Cipher[]
// Without a meaning beside a cipher that authenticates; a list must not be empty for every client.
const MACS = ['hmac-sha2-256']

export function parseKexInit(payload: Uint8Array): Result<KexInit, 'malformed'> {
  try {
    const cursor = new Cursor(payload) // attacker-controlled
    if (cursor.u8() !== MSG.kexInit) return err('malformed')
    cursor.take(16)
    const lists = Array.from({ length: 10 }, () => nameList(cursor))
    const guesses = cursor.u8() !== 0
    if (cursor.u32() !== 0) return err('malformed')
    cursor.end()
    return ok({
      kex: lists[0]!,
      hostKey: lists[1]!,
      cipherToServer: lists[2]!,
      cipherToClient: lists[3]!,
      compressionToServer: lists[6]!,
      compressionToClient: lists[7]!,
      guesses,
    })
  } catch {
    return err('malformed')
  }
}

/** The server's own; `first` for the first of a connection, which alone may speak of strictness. */
export function writeKexInit(cookie: Uint8Array, first: boolean): Buffer {
  const lists = [
    first ? [...KEX, STRICT_SERVER] : KEX,
    [HOST_KEY],
    CIPHER_NAMES,
    CIPHER_NAMES,
    MACS,
    MACS,
    ['none'],
    ['none'],
    [],
    [],
  ]
  return Buffer.concat([
    Buffer.from([MSG.kexInit]),
    cookie,
    ...lists.map((list) => sshString(list.join(','))),
    Buffer.from([0]),
    u32(0),
  ])
}

export interface Agreed {
  readonly kex: Kex
  readonly toServer: Cipher
  readonly toClient: Cipher
  /** The client's next packet is a guess that was wrong, and is not looked at. */
  readonly skipsGuess: boolean
}

/** What both sides speak, by the client's preference (section 7.1); or what they have not in common. */
export function agree(client: KexInit): Result<Agreed, string> {
  const kex = first(client.kex, KEX)
  const toServer = first(client.cipherToServer, CIPHER_NAMES)
  const toClient = first(client.cipherToClient, CIPHER_NAMES)
  if (kex === undefined) return err('key exchange')
  if (!client.hostKey.includes(HOST_KEY)) return err('host key')
  if (toServer === undefined || toClient === undefined) return err('cipher')
  if (!client.compressionToServer.includes('none') || !client.compressionToClient.includes('none'))
    return err('compression')
  const right = client.kex[0] === KEX[0] && client.hostKey[0] === HOST_KEY
  return ok({ kex, toServer, toClient, skipsGuess: client.guesses && !right })
}

function first<Name extends string>(wanted: readonly string[], known: readonly Name[]): Name | undefined {
  return wanted.find((name): name is Name => (known as readonly string[]).includes(name))
}

/** RFC 4251 section 5: names of printable US-ASCII, separated by commas. */
function nameList(cursor: Cursor): readonly string[] {
  const text = cursor.string().toString('latin1')
  if (!/^[\x21-\x7e]*$/.test(text)) throw new RangeError('not a name-list')
  return text === '' ? [] : text.split(',')
}
