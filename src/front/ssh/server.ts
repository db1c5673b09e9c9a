import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { HostKey } from '../../core/ssh/host-key.ts'
import { DISCONNECT } from '../../core/ssh/message.ts'
import type { SkPublicKey } from '../../core/ssh/public-key.ts'
import { Authentication, type HeldLogin } from './authentication.ts'
import type { Channel } from './channel.ts'
import { Connection, type Wanted } from './connection.ts'
import { type Session, Transport } from './transport.ts'

/** One signed-in connection. */
export interface SshPeer {
  readonly address: string
  readonly session: Session
  /** Aborts when it is over. */
  readonly gone: AbortSignal
  /** End it at once, whatever runs. */
  cut(): void
}

/** What the gateway makes of who comes: the one interface between the protocol and what it is for. `Who` is what `admit` found. */
export interface SshHost<Who> {
  /** Whether somebody enrolled this key, so that it is asked to sign. */
  knows(key: SkPublicKey): boolean
  /** Who signed in, by a signature that holds; or words for the person. Answers at once. */
  admit(login: HeldLogin, peer: SshPeer): { ok: true; who: Who } | { ok: false; say: string }
  /** Run a command, and end the channel with its status. Never rejects. */
  run(channel: Channel, wanted: Wanted, who: Who): void
  log(facts: object, message: string): void
}

export interface SshLimits {
  /** Connections that nobody signed in on yet. */
  readonly unauthenticated: number
  /** From the first byte to the first keys; to the end of signing in; without a channel; without a byte, ms. */
  readonly handshake: number
  readonly login: number
  readonly idle: number
  readonly silence: number
}

export const SSH_LIMITS: SshLimits = {
  unauthenticated: 64,
  handshake: 20_000,
  login: 120_000,
  idle: 10 * 60_000,
  // The forge may index a large pack before it says a word.
  silence: 40 * 60_000,
}

export interface SshServer {
  readonly port: number
  /** From now on connections are served; those that came before wait. */
  serve<Who>(host: SshHost<Who>): void
  /** Take no more connections, let commands that run end for `graceMs`, then cut what is left. */
  close(graceMs: number): Promise<void>
}

/** Bytes that may wait in a socket before a sender is told to stop: some packets, so that neither side waits for each. */
const READ_AHEAD = 256 * 1024

/** A bound socket. Everything is refused until it is given a host, so that its port is known before anything is composed. */
export async function listenSsh(
  hosts: readonly string[],
  port: number,
  hostKeys: readonly HostKey[],
  limits: SshLimits = SSH_LIMITS,
): Promise<SshServer> {
  let host: SshHost<unknown> | undefined
  const guests = new Guests(limits.unauthenticated)
  const visits = new Set<Visit>()
  const take = (socket: Socket): void => {
    if (!host) {
      socket.destroy()
      return
    }
    const visit = new Visit(socket, hostKeys, host, limits, guests)
    visits.add(visit)
    socket.once('close', () => visits.delete(visit))
  }
  const servers: Server[] = []
  let bound = port
  for (const name of hosts) {
    const server = createServer({ noDelay: true, highWaterMark: READ_AHEAD }, take)
    try {
      bound = await bind(server, name, bound)
      servers.push(server)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if ((code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') || servers.length === 0) {
        for (const open of servers) open.close()
        throw error
      }
    }
  }
  return {
    port: bound,
    serve: (next) => {
      host = next as SshHost<unknown>
    },
    async close(graceMs) {
      const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
      for (const visit of visits) visit.retire()
      const cut = setTimeout(() => {
        for (const visit of visits) visit.cut()
      }, graceMs)
      await closed
      clearTimeout(cut)
    },
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject)
      // A socket that cannot be accepted is none that ends the process.
      server.on('error', () => {})
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/**
 * Connections that nobody signed in on. When there are too many one is sent away: of the address that has most, the one that got
 * least far, the oldest first. So silent ones do not keep out who is touching a key.
 */
class Guests {
  readonly #max: number
  readonly #here = new Set<Visit>()

  constructor(max: number) {
    this.#max = max
  }

  add(visit: Visit): void {
    this.#here.add(visit)
    if (this.#here.size <= this.#max) return
    const crowd = new Map<string, number>()
    for (const { address } of this.#here) crowd.set(address, (crowd.get(address) ?? 0) + 1)
    const most = Math.max(...crowd.values())
    const from = [...this.#here].filter(({ address }) => crowd.get(address) === most)
    const worst = from.find(({ session }) => session === undefined) ?? from[0]!
    worst.cut()
    this.#here.delete(worst)
  }

  delete(visit: Visit): void {
    this.#here.delete(visit)
  }
}

/** One connection from its first byte to its last. */
class Visit implements Omit<SshPeer, 'session'> {
  readonly address: string
  readonly gone: AbortSignal
  readonly #transport: Transport
  readonly #gone = new AbortController()
  readonly #limits: SshLimits
  #connection: Connection | undefined
  #timer: NodeJS.Timeout
  #busy = false
  #retired = false

  constructor(
    socket: Socket,
    hostKeys: readonly HostKey[],
    host: SshHost<unknown>,
    limits: SshLimits,
    guests: Guests,
  ) {
    this.address = socket.remoteAddress ?? ''
    this.gone = this.#gone.signal
    this.#limits = limits
    socket.setTimeout(limits.silence, () => this.end('nothing was said for too long'))
    this.#timer = setTimeout(() => this.end('no keys were exchanged in time'), limits.handshake)
    let who: unknown
    this.#transport = new Transport(socket, hostKeys, {
      ready: () => this.#wait(limits.login, 'nobody signed in in time'),
      message: (payload) => {
        const session = this.session!
        if (this.#connection) {
          this.#connection.take(payload, session)
          return
        }
        if (!authentication.take(payload, session)) return
        guests.delete(this)
        this.#connection = new Connection(this.#transport, hostKeys, {
          run: (channel, wanted) => host.run(channel, wanted, who),
          idle: (idle) => this.#idle(idle),
        })
        this.#connection.begin()
        this.#idle(true)
      },
      drain: () => this.#connection?.drain(),
      closed: (why) => {
        clearTimeout(this.#timer)
        guests.delete(this)
        this.#connection?.close()
        this.#gone.abort()
        if (why !== undefined) host.log({ client: this.address, why }, 'an ssh connection ended')
      },
    })
    const authentication = new Authentication(this.#transport, {
      knows: (key) => host.knows(key),
      admit: (login) => {
        const admitted = host.admit(login, this as SshPeer)
        if (admitted.ok) who = admitted.who
        return admitted
      },
      refused: (why) => host.log({ client: this.address, why }, 'an ssh key was refused'),
    })
    guests.add(this)
  }

  /** Set once the first keys are in use. */
  get session(): Session | undefined {
    return this.#transport.session
  }

  cut(): void {
    this.#transport.destroy('cut')
  }

  end(words: string): void {
    this.#transport.end(words, DISCONNECT.byApplication)
  }

  /** The server is stopping: go, unless a command runs; then with its end. */
  retire(): void {
    this.#retired = true
    if (!this.#busy) this.end('the gateway is stopping')
  }

  #idle(idle: boolean): void {
    this.#busy = !idle
    clearTimeout(this.#timer)
    if (!idle) return
    if (this.#retired) this.end('the gateway is stopping')
    else this.#wait(this.#limits.idle, 'nothing was asked for too long')
  }

  #wait(ms: number, words: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.end(words), ms)
  }
}
