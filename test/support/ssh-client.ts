import {
  createPublicKey,
  decapsulate,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { Cursor, sshString, u32 } from '../../src/core/bytes.ts'
import { sha256 } from '../../src/core/crypto.ts'
import { verifyHostSignature } from '../../src/core/ssh/host-key.ts'
import { ML_KEM } from '../../src/core/ssh/kexinit.ts'
import { deriveKey, exchangeHash } from '../../src/core/ssh/key-exchange.ts'
import { MSG } from '../../src/core/ssh/message.ts'
import { mpint } from '../../src/core/ssh/mpint.ts'
import { PacketKey, readPacket, writePacket } from '../../src/core/ssh/packet.ts'
import type { SoftKey } from './sk-agent.ts'

// A client of SSH, message by message: for what no stock client would send, and for the post-quantum exchange where the
// installed OpenSSH is too old for it.

export interface RawOptions {
  readonly port: number
  readonly kex?: readonly string[]
  readonly ciphers?: string
  readonly localAddress?: string
}

export class RawSsh {
  readonly socket: Socket
  readonly #options: RawOptions
  #input: Buffer = Buffer.alloc(0)
  #in: PacketKey | null = null
  #out: PacketKey | null = null
  #serverVersion = ''
  #readers: (() => void)[] = []
  #ended = false
  sessionId: Buffer = Buffer.alloc(0)
  hostKey: Buffer = Buffer.alloc(0)
  /** Words of the server's disconnect, once it came. */
  goodbye: string | undefined

  constructor(options: RawOptions) {
    this.#options = options
    this.socket = connect({
      port: options.port,
      host: '127.0.0.1',
      ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
    })
    this.socket.on('data', (chunk) => {
      this.#input = Buffer.concat([this.#input, chunk])
      this.#wake()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** Versions, one key exchange, new keys. */
  static async open(options: RawOptions): Promise<RawSsh> {
    const client = new RawSsh(options)
    await client.version()
    await client.exchange()
    return client
  }

  async version(line = 'SSH-2.0-raw'): Promise<void> {
    this.socket.write(`${line}\r\n`)
    while (this.#input.indexOf(10) === -1) await this.#more()
    const end = this.#input.indexOf(10)
    this.#serverVersion = this.#input.toString('latin1', 0, end).replace(/\r$/, '')
    this.#input = this.#input.subarray(end + 1)
  }

  /** A KEXINIT of this client. */
  kexInit(): Buffer {
    const { kex = [ML_KEM, 'ext-info-c', 'kex-strict-c-v00@openssh.com'] } = this.#options
    const cipher = this.#options.ciphers ?? 'aes128-gcm@openssh.com'
    const lists = [kex.join(','), 'ssh-ed25519', cipher, cipher, '', '', 'none', 'none', '', '']
    return Buffer.concat([
      Buffer.from([MSG.kexInit]),
      randomBytes(16),
      ...lists.map((list) => sshString(list)),
      Buffer.alloc(5),
    ])
  }

  async exchange(): Promise<void> {
    const clientInit = this.kexInit()
    this.send(clientInit)
    await this.finish(clientInit)
  }

  /** What comes after this client's KEXINIT. */
  async finish(clientInit: Buffer): Promise<void> {
    const hybrid = (this.#options.kex?.[0] ?? ML_KEM) === ML_KEM
    const kem = generateKeyPairSync('ml-kem-768')
    const x = generateKeyPairSync('x25519')
    const raw = (key: KeyObject, bytes: number): Buffer =>
      key.export({ format: 'der', type: 'spki' }).subarray(-bytes)
    const value = hybrid
      ? Buffer.concat([raw(kem.publicKey, 1184), raw(x.publicKey, 32)])
      : raw(x.publicKey, 32)
    const serverInit = await this.expect(MSG.kexInit)
    this.send(Buffer.concat([Buffer.from([MSG.ecdhInit]), sshString(value)]))
    const reply = new Cursor((await this.expect(MSG.ecdhReply)).subarray(1))
    const hostKey = Buffer.from(reply.string())
    const theirs = Buffer.from(reply.string())
    const signature = reply.string()
    const point = hybrid ? theirs.subarray(1088) : theirs
    const classic = diffieHellman({
      privateKey: x.privateKey,
      publicKey: createPublicKey({
        key: Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), point]),
        format: 'der',
        type: 'spki',
      }),
    })
    const secret = hybrid
      ? sshString(sha256(decapsulate(kem.privateKey, theirs.subarray(0, 1088)), classic))
      : sshString(mpint(classic))
    const hash = exchangeHash({
      clientVersion: 'SSH-2.0-raw',
      serverVersion: this.#serverVersion,
      clientInit,
      serverInit,
      hostKey,
      clientValue: value,
      share: { value: theirs, secret },
    })
    if (!verifyHostSignature(hostKey, signature, hash)) throw new Error('the host did not sign this exchange')
    if (this.sessionId.length === 0) this.sessionId = hash
    this.hostKey = hostKey
    await this.expect(MSG.newKeys)
    this.send(Buffer.from([MSG.newKeys]))
    const bytes = (this.#options.ciphers ?? '').startsWith('aes256') ? 32 : 16
    const key = (letter: 'A' | 'B' | 'C' | 'D', length: number): Buffer =>
      deriveKey(secret, hash, this.sessionId, letter, length)
    this.#out = new PacketKey(key('C', bytes), key('A', 12))
    this.#in = new PacketKey(key('D', bytes), key('B', 12))
  }

  send(payload: Uint8Array): void {
    this.socket.write(Buffer.concat(writePacket(payload, this.#out)))
  }

  message(type: number, ...parts: readonly Uint8Array[]): void {
    this.send(Buffer.concat([Buffer.from([type]), ...parts]))
  }

  /** The next message; undefined when the connection is over. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const packet = readPacket(this.#input, 0, this.#in)
      if (packet.kind === 'packet') {
        const payload = Buffer.from(packet.payload)
        this.#input = this.#input.subarray(packet.size)
        if (payload[0] !== MSG.disconnect) return payload
        const cursor = new Cursor(payload.subarray(5))
        this.goodbye = cursor.string().toString('utf8')
        return undefined
      }
      if (packet.kind !== 'need-more') throw new Error(`the server sent a packet that is ${packet.kind}`)
      if (this.#ended) return undefined
      await this.#more()
    }
  }

  /** The next message of a type; messages of other types in between are passed over. */
  async expect(type: number): Promise<Buffer> {
    for (;;) {
      const payload = await this.next()
      if (!payload) throw new Error(`the connection ended before message ${type}: ${this.goodbye ?? ''}`)
      if (payload[0] === type) return payload
    }
  }

  /** Resolves when the server has ended the connection, with its words. */
  async end(): Promise<string | undefined> {
    while (await this.next());
    return this.goodbye
  }

  async askForAuthentication(): Promise<void> {
    this.message(MSG.serviceRequest, sshString('ssh-userauth'))
    await this.expect(MSG.serviceAccept)
  }

  /** A request to sign in, without its signature. */
  authRequest(
    { type, blob }: Pick<SoftKey, 'type' | 'blob'>,
    { user = 'git', algorithm = type as string, signs = true } = {},
  ): Buffer {
    return Buffer.concat([
      Buffer.from([MSG.authRequest]),
      sshString(user),
      sshString('ssh-connection'),
      sshString('publickey'),
      Buffer.from([signs ? 1 : 0]),
      sshString(algorithm),
      sshString(blob),
    ])
  }

  /** Sign in; the type of the answer. */
  async signIn(key: SoftKey, user?: string): Promise<number> {
    const request = this.authRequest(key, { ...(user !== undefined && { user }) })
    const signature = key.sign(Buffer.concat([sshString(this.sessionId), request]))
    this.send(Buffer.concat([request, sshString(signature)]))
    for (;;) {
      const payload = await this.next()
      if (!payload) return 0
      if (payload[0] === MSG.authSuccess || payload[0] === MSG.authFailure) return payload[0]
    }
  }

  /** Run a command to its end. */
  async exec(
    command: string,
    input: Buffer = Buffer.alloc(0),
  ): Promise<{ code: number; out: string; err: string }> {
    const channel = await this.openChannel()
    this.message(MSG.channelRequest, u32(channel), sshString('exec'), Buffer.from([1]), sshString(command))
    if (input.length > 0) this.message(MSG.channelData, u32(channel), sshString(input))
    this.message(MSG.channelEof, u32(channel))
    let [code, out, err] = [-1, '', '']
    for (;;) {
      const payload = await this.next()
      if (!payload || payload[0] === MSG.channelClose) {
        if (payload) this.message(MSG.channelClose, u32(channel))
        return { code, out, err }
      }
      const cursor = new Cursor(payload.subarray(5))
      if (payload[0] === MSG.channelData) out += cursor.string().toString('latin1')
      if (payload[0] === MSG.channelExtendedData) {
        cursor.u32()
        err += cursor.string().toString('utf8')
      }
      if (payload[0] === MSG.channelRequest && cursor.string().toString() === 'exit-status') {
        cursor.u8()
        code = cursor.u32()
      }
    }
  }

  async openChannel(window = 2 ** 21): Promise<number> {
    this.message(MSG.channelOpen, sshString('session'), u32(0), u32(window), u32(32768))
    const payload = await this.expect(MSG.channelOpenConfirmation)
    return payload.readUInt32BE(5)
  }

  close(): void {
    this.socket.destroy()
  }

  #more(): Promise<void> {
    return new Promise((resolve) => void this.#readers.push(resolve))
  }

  #wake(): void {
    const readers = this.#readers
    this.#readers = []
    for (const wake of readers) wake()
  }
}
