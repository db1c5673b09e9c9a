import { Buffer } from 'node:buffer'
import { Cursor, sshString } from '../../core/bytes.ts'
import {
  type ConnectionMessage,
  parseConnectionMessage,
  writeChannelReply,
  writeGlobalRequest,
  writeOpenConfirmation,
  writeOpenFailure,
  writeRequestFailure,
  writeRequestSuccess,
} from '../../core/ssh/connection-message.ts'
import type { HostKey } from '../../core/ssh/host-key.ts'
import { Channel, MAX_DATA, WINDOW } from './channel.ts'
import { type Session, SshError, type Transport } from './transport.ts'

const MAX_CHANNELS = 8
/** OpenSSH PROTOCOL section 2.5. */
const HOST_KEYS = 'hostkeys-00@openssh.com'
const PROVE_HOST_KEYS = 'hostkeys-prove-00@openssh.com'

/** What a client may ask for in a channel: a command, or a greeting. */
export type Wanted =
  | { readonly kind: 'exec'; readonly command: string }
  | { readonly kind: 'shell' }
  | { readonly kind: 'subsystem'; readonly name: string }

/** The connection protocol (RFC 4254): sessions that run one command each. No forwarding, no terminal, no agent. */
export class Connection {
  readonly #transport: Transport
  readonly #hostKeys: readonly HostKey[]
  readonly #run: (channel: Channel, wanted: Wanted) => void
  readonly #idle: (idle: boolean) => void
  readonly #channels = new Map<number, Channel>()
  #next = 0

  constructor(
    transport: Transport,
    hostKeys: readonly HostKey[],
    on: { run: (channel: Channel, wanted: Wanted) => void; idle: (idle: boolean) => void },
  ) {
    this.#transport = transport
    this.#hostKeys = hostKeys
    this.#run = on.run
    this.#idle = on.idle
  }

  /** Tell all host keys, so that clients learn of a new one before it is used alone. */
  begin(): void {
    this.#transport.send(writeGlobalRequest(HOST_KEYS, ...this.#hostKeys.map(({ blob }) => sshString(blob))))
  }

  take(payload: Buffer, session: Session): void {
    const message = parseConnectionMessage(payload)
    switch (message.kind) {
      case 'malformed':
        throw new SshError('a message that cannot be read')
      case 'unknown':
        throw new SshError('a message that has no meaning here')
      case 'ignored':
        return
      case 'global-request':
        this.#global(message, session)
        return
      case 'open':
        this.#open(message)
        return
      case 'request':
        this.#request(this.#channel(message.channel), message)
        return
      case 'window':
        this.#channel(message.channel).takeRoom(message.bytes)
        return
      case 'data':
        this.#channel(message.channel).takeData(message.data)
        return
      case 'eof':
        this.#channel(message.channel).takeEof()
        return
      case 'close': {
        const channel = this.#channel(message.channel)
        this.#channels.delete(channel.id)
        channel.takeGone()
        if (this.#channels.size === 0) this.#idle(true)
        return
      }
      case 'extended-data':
      case 'reply':
        this.#channel(message.channel)
        return
    }
  }

  /** There is room in the socket again. */
  drain(): void {
    for (const channel of this.#channels.values()) channel.pump()
  }

  /** The connection is over. */
  close(): void {
    for (const channel of this.#channels.values()) channel.takeGone()
    this.#channels.clear()
  }

  #channel(id: number): Channel {
    const channel = this.#channels.get(id)
    if (!channel) throw new SshError('there is no such channel')
    return channel
  }

  #global(
    { name, wantsReply, rest }: Extract<ConnectionMessage, { kind: 'global-request' }>,
    session: Session,
  ): void {
    if (!wantsReply) return
    const proofs = name === PROVE_HOST_KEYS ? this.#prove(rest, session) : undefined
    this.#transport.send(proofs ? writeRequestSuccess(...proofs) : writeRequestFailure())
  }

  /** Signatures by the keys that a client asks about, each over the session: no key is taken on trust. */
  #prove(rest: Buffer, session: Session): readonly Buffer[] | undefined {
    const proofs: Buffer[] = []
    try {
      for (const cursor = new Cursor(rest); cursor.left > 0; ) {
        const blob = cursor.string() // attacker-controlled
        const key = this.#hostKeys.find((one) => one.blob.equals(blob))
        if (!key || proofs.length >= this.#hostKeys.length) return undefined
        const signed = Buffer.concat([sshString(PROVE_HOST_KEYS), sshString(session.id), sshString(blob)])
        proofs.push(sshString(key.sign(signed)))
      }
    } catch {
      return undefined
    }
    return proofs
  }

  #open({ type, peer, window, maxPacket }: Extract<ConnectionMessage, { kind: 'open' }>): void {
    const refused =
      type !== 'session'
        ? 'there is nothing here but git'
        : this.#channels.size >= MAX_CHANNELS
          ? 'too many sessions at once'
          : maxPacket < 64
            ? 'packets too small'
            : undefined
    if (refused !== undefined) {
      this.#transport.send(writeOpenFailure(peer, refused))
      return
    }
    const channel = new Channel(this.#transport, this.#next++, peer, window, maxPacket)
    this.#channels.set(channel.id, channel)
    this.#idle(false)
    this.#transport.send(writeOpenConfirmation(peer, channel.id, WINDOW, MAX_DATA))
  }

  #request(
    channel: Channel,
    { name, wantsReply, text }: Extract<ConnectionMessage, { kind: 'request' }>,
  ): void {
    const wanted: Wanted | undefined =
      name === 'exec'
        ? { kind: 'exec', command: text }
        : name === 'shell'
          ? { kind: 'shell' }
          : name === 'subsystem'
            ? { kind: 'subsystem', name: text }
            : undefined
    if (name === 'eow@openssh.com') {
      // The program behind the client ended: whoever still writes would wait forever.
      channel.takeGone()
      return
    }
    // Variables are heard and not used: what runs here has its own.
    const good = wanted ? !channel.start() : name === 'env'
    if (wantsReply) this.#transport.send(writeChannelReply(channel.peer, good))
    if (good && wanted) this.#run(channel, wanted)
  }
}
