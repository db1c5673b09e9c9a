import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { sshString, u32 } from '../../core/bytes.ts'
import { randomBytes } from '../../core/crypto.ts'
import type { HostKey } from '../../core/ssh/host-key.ts'
import {
  type Agreed,
  agree,
  CIPHERS,
  EXT_INFO_CLIENT,
  type Kex,
  parseKexInit,
  STRICT_CLIENT,
  writeKexInit,
} from '../../core/ssh/kexinit.ts'
import { deriveKey, exchangeHash, parseEcdhInit, share } from '../../core/ssh/key-exchange.ts'
import { DISCONNECT, MSG } from '../../core/ssh/message.ts'
import { PacketKey, readPacket, writePacket } from '../../core/ssh/packet.ts'
import { SK_ECDSA, SK_ED25519 } from '../../core/ssh/public-key.ts'

export const SERVER_VERSION = 'SSH-2.0-Countersign'
/** RFC 4253 section 4.2, without CR LF. */
const MAX_VERSION = 253
/** RFC 4253 section 9 and RFC 4344 section 3: new keys after a gigabyte or an hour, whichever way the bytes went. */
const REKEY_BYTES = 2 ** 30
const REKEY_MS = 60 * 60_000
/** What a client may still send after it was asked for new keys, before it is cut. */
const REKEY_OVERDUE_BYTES = 2 ** 28
const REKEY_OVERDUE_MS = 60_000
/** Senders of data stop long before; what grows so far are answers to somebody who only asks. */
const MAX_UNSENT = 8 << 20
/** Packets that wait for new keys before whoever sends them is told to stop. */
const PENDING = 64

/** What came of the first exchange: it names the connection for as long as it lasts. */
export interface Session {
  readonly id: Buffer
  readonly hostKey: HostKey
  /** The host key's signature blob over {@link id}. */
  readonly hostSignature: Buffer
  readonly kex: Kex
  readonly ciphers: Pick<Agreed, 'toServer' | 'toClient'>
  readonly clientVersion: string
}

/** Bytes that break the protocol: the connection ends, with these words to the client. */
export class SshError extends Error {
  readonly reason: number
  constructor(words: string, reason: number = DISCONNECT.protocolError) {
    super(words)
    this.reason = reason
  }
}

export interface TransportEvents {
  /** The first keys are in use. */
  ready(session: Session): void
  /** A message of the layers above. May throw {@link SshError}. */
  message(payload: Buffer): void
  /** There is room again after {@link Transport.send} said no. */
  drain(): void
  /** It is over; `why` is undefined when the client just left. */
  closed(why: string | undefined): void
}

interface Exchange {
  readonly clientInit: Buffer
  readonly agreed: Agreed
  skips: boolean
  /** Of the keys that the client's NEWKEYS brings into use. */
  next?: PacketKey
}

/**
 * The server's side of SSH's transport (RFC 4253): versions, packets, key exchanges. Modern algorithms only, strict key exchange
 * always. Whatever is not as it must be ends the connection; nothing of it is repaired.
 */
export class Transport {
  readonly #socket: Socket
  readonly #hostKeys: readonly HostKey[]
  readonly #events: TransportEvents
  #input: Buffer = Buffer.alloc(0)
  #clientVersion: string | undefined
  #received = 0
  #in: PacketKey | null = null
  #out: PacketKey | null = null
  #exchange: Exchange | undefined
  /** Our KEXINIT while its exchange runs. */
  #serverInit: Buffer | undefined
  #session: Session | undefined
  #tellsExtensions = false
  /** Bytes under the present keys. */
  #bytes = 0
  #rekey: NodeJS.Timeout | undefined
  #pending: Buffer[] = []
  #pendingBytes = 0
  #ended = false
  #why: string | undefined
  #corked = false

  constructor(socket: Socket, hostKeys: readonly HostKey[], events: TransportEvents) {
    this.#socket = socket
    this.#hostKeys = hostKeys
    this.#events = events
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    socket.write(`${SERVER_VERSION}\r\n`)
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('drain', () => this.#ended || this.#exchange || events.drain())
    socket.on('error', () => {}) // 'close' follows
    socket.once('close', () => {
      this.#ended = true
      clearTimeout(this.#rekey)
      events.closed(this.#why)
    })
  }

  get session(): Session | undefined {
    return this.#session
  }

  /** Send a message of the layers above; false when the sender should wait for `drain`. */
  send(payload: Buffer): boolean {
    if (this.#ended) return true
    if (this.#serverInit) {
      this.#pendingBytes += payload.length
      if (this.#pendingBytes > MAX_UNSENT) this.destroy('the client does not take part in new keys')
      return this.#pending.push(payload) < PENDING
    }
    const room = this.#write(payload)
    if (this.#bytes > REKEY_BYTES) this.#askForNewKeys()
    return room
  }

  /** Say why, and end. */
  end(words: string, reason: number = DISCONNECT.byApplication): void {
    if (this.#ended) return
    this.#why = words
    this.#write(Buffer.concat([Buffer.from([MSG.disconnect]), u32(reason), sshString(words), sshString('')]))
    this.#ended = true
    this.#socket.end()
    // Somebody who does not read the words is not waited for.
    setTimeout(() => this.#socket.destroy(), 1_000).unref()
  }

  /** End at once, without a word that could wait in a full socket; `why` for the log, when there is something to say. */
  destroy(why?: string): void {
    this.#why ??= why
    this.#ended = true
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#ended) return
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk])
    try {
      if (this.#clientVersion === undefined && !this.#takeVersion()) return
      this.#takePackets()
    } catch (error) {
      if (error instanceof SshError) this.end(error.message, error.reason)
      else {
        this.end('internal error')
        throw error
      }
    }
  }

  #takeVersion(): boolean {
    const end = this.#input.indexOf(10)
    if (end === -1 ? this.#input.length > MAX_VERSION + 1 : end > MAX_VERSION + 1)
      this.destroy('no SSH version')
    if (end === -1 || this.#ended) return false
    const line = this.#input.toString('latin1', 0, end).replace(/\r$/, '') // attacker-controlled
    if (!/^SSH-2\.0-[\x20-\x7e]+$/.test(line)) {
      this.destroy('not a client of SSH 2')
      return false
    }
    this.#clientVersion = line
    this.#input = this.#input.subarray(end + 1)
    return true
  }

  #takePackets(): void {
    let at = 0
    while (!this.#ended) {
      const packet = readPacket(this.#input, at, this.#in)
      if (packet.kind === 'need-more') break
      if (packet.kind === 'malformed') throw new SshError('a packet that cannot be read')
      if (packet.kind === 'forged') throw new SshError('a packet was changed on its way', DISCONNECT.macError)
      at += packet.size
      this.#bytes += packet.size
      this.#received = (this.#received + 1) >>> 0
      this.#dispatch(packet.payload)
      if (this.#bytes > REKEY_BYTES) this.#askForNewKeys()
      if (this.#bytes > REKEY_BYTES + REKEY_OVERDUE_BYTES) throw new SshError('no new keys came')
    }
    // What is left is kept apart from the large chunk that it came in.
    this.#input = at === this.#input.length ? Buffer.alloc(0) : this.#input.subarray(at)
  }

  #dispatch(payload: Buffer): void {
    const type = payload[0]!
    if (this.#exchange?.skips && type !== MSG.disconnect) {
      this.#exchange.skips = false
      return
    }
    switch (type) {
      case MSG.disconnect:
        this.destroy()
        return
      case MSG.kexInit:
        this.#begin(payload)
        return
      case MSG.ecdhInit:
        this.#answer(payload)
        return
      case MSG.newKeys:
        this.#newKeys(payload)
        return
    }
    // Strict key exchange: nothing else before the first keys. Later exchanges (RFC 4253 section 7.1) let only these through.
    if (!this.#in) throw new SshError('a message before the first keys')
    if (type === MSG.ignore || type === MSG.debug || type === MSG.unimplemented) return
    if (this.#exchange) throw new SshError('a message within a key exchange')
    if (type === MSG.extInfo) return
    this.#events.message(payload)
  }

  #begin(payload: Buffer): void {
    if (this.#exchange) throw new SshError('two key exchanges at once')
    const init = parseKexInit(payload)
    if (!init.ok) throw new SshError('a key exchange that cannot be read')
    if (!this.#session) {
      if (this.#received !== 1) throw new SshError('a message before the key exchange')
      if (!init.value.kex.includes(STRICT_CLIENT))
        throw new SshError(
          'this client has no strict key exchange (CVE-2023-48795): please update it',
          DISCONNECT.keyExchangeFailed,
        )
      this.#tellsExtensions = init.value.kex.includes(EXT_INFO_CLIENT)
    }
    const agreed = agree(init.value)
    if (!agreed.ok)
      throw new SshError(`no ${agreed.error} in common: please update your ssh`, DISCONNECT.keyExchangeFailed)
    if (this.#session) this.#expectKeys()
    // Ours comes after the client's: then it waits for no acknowledgement of a packet of its own.
    if (!this.#serverInit) this.#sendKexInit()
    this.#exchange = {
      clientInit: Buffer.from(payload),
      agreed: agreed.value,
      skips: agreed.value.skipsGuess,
    }
  }

  #sendKexInit(): void {
    this.#serverInit = writeKexInit(randomBytes(16), this.#session === undefined)
    this.#write(this.#serverInit)
  }

  #answer(payload: Buffer): void {
    const exchange = this.#exchange
    if (!exchange || exchange.next) throw new SshError('a key exchange out of order')
    const clientValue = parseEcdhInit(payload)
    const ours = clientValue.ok ? share(exchange.agreed.kex, clientValue.value) : undefined
    if (!clientValue.ok || !ours)
      throw new SshError('a key exchange that cannot be read', DISCONNECT.keyExchangeFailed)
    const hostKey = this.#session?.hostKey ?? this.#hostKeys[0]!
    const hash = exchangeHash({
      clientVersion: this.#clientVersion!,
      serverVersion: SERVER_VERSION,
      clientInit: exchange.clientInit,
      serverInit: this.#serverInit!,
      hostKey: hostKey.blob,
      clientValue: clientValue.value,
      share: ours,
    })
    const signature = hostKey.sign(hash)
    this.#session ??= {
      id: hash,
      hostKey,
      hostSignature: signature,
      kex: exchange.agreed.kex,
      ciphers: exchange.agreed,
      clientVersion: this.#clientVersion!,
    }
    this.#write(
      Buffer.concat([
        Buffer.from([MSG.ecdhReply]),
        sshString(hostKey.blob),
        sshString(ours.value),
        sshString(signature),
      ]),
    )
    this.#write(Buffer.from([MSG.newKeys]))
    const { id } = this.#session
    const key = (letter: 'A' | 'B' | 'C' | 'D', length: number): Buffer =>
      deriveKey(ours.secret, hash, id, letter, length)
    const { toServer, toClient } = exchange.agreed
    this.#out = new PacketKey(key('D', CIPHERS[toClient]), key('B', 12))
    exchange.next = new PacketKey(key('C', CIPHERS[toServer]), key('A', 12))
  }

  #newKeys(payload: Buffer): void {
    const next = this.#exchange?.next
    if (!next || payload.length !== 1) throw new SshError('new keys out of order')
    const first = this.#in === null
    this.#in = next
    this.#exchange = undefined
    this.#serverInit = undefined
    this.#received = 0
    this.#bytes = 0
    clearTimeout(this.#rekey)
    this.#rekey = setTimeout(() => this.#askForNewKeys(), REKEY_MS).unref()
    if (first) {
      // Only now: with the client's NEWKEYS in one segment it would cost a round trip.
      if (this.#tellsExtensions) this.#write(EXTENSIONS)
      this.#events.ready(this.#session!)
    }
    const waiting = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    for (const each of waiting) this.send(each)
    if (!first) this.#events.drain()
  }

  #askForNewKeys(): void {
    if (this.#ended || this.#serverInit) return
    this.#sendKexInit()
    this.#expectKeys()
  }

  #expectKeys(): void {
    clearTimeout(this.#rekey)
    this.#rekey = setTimeout(() => this.end('no new keys came'), REKEY_OVERDUE_MS).unref()
  }

  #write(payload: Buffer): boolean {
    const socket = this.#socket
    if (!this.#corked) {
      // Parts of packets, and packets of one turn, go out together.
      this.#corked = true
      socket.cork()
      process.nextTick(() => {
        this.#corked = false
        socket.uncork()
      })
    }
    let room = true
    for (const part of writePacket(payload, this.#out)) {
      this.#bytes += part.length
      room = socket.write(part)
    }
    if (socket.writableLength > MAX_UNSENT) this.destroy('the client does not read')
    return room
  }
}

/** RFC 8308: algorithms of keys that may sign in, and that a sign-in may name the host key. */
const EXTENSIONS = Buffer.concat([
  Buffer.from([MSG.extInfo]),
  u32(2),
  sshString('server-sig-algs'),
  sshString(`${SK_ED25519},${SK_ECDSA}`),
  sshString('publickey-hostbound@openssh.com'),
  sshString('0'),
])
