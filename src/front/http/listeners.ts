import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { rememberExpectation } from './continue.ts'

export type Handler = (req: IncomingMessage, res: ServerResponse) => void

export interface TlsFiles {
  readonly cert: string | Buffer
  readonly key: string | Buffer
}

/** A bound socket that answers 503 until it is given a handler, so that ports are known before anything is composed. */
export interface Listener {
  readonly port: number
  serve(handler: Handler): void
  /** Stop accepting, let running requests end for `graceMs`, then cut what is left. */
  close(graceMs: number): Promise<void>
}

const SERVER_OPTIONS = {
  maxHeaderSize: 32 * 1024,
  headersTimeout: 20_000,
  // A push may take as long as it takes; idle sockets are cut by `timeout`, not whole requests by a clock.
  requestTimeout: 0,
  keepAliveTimeout: 60_000,
  noDelay: true,
  // Two reads of a pack may wait in a socket before its other side is told to stop.
  highWaterMark: 128 * 1024,
} as const
const IDLE_SOCKET_MS = 10 * 60_000
const IDLE_CHECK_MS = 50

/** Bind `port` (0: any free one) on every host in `hosts`; a host the machine does not have is left out. */
export async function listen(
  hosts: readonly string[],
  port: number,
  tls: TlsFiles | null,
): Promise<Listener> {
  let handler: Handler = (_req, res) => {
    res.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '1' }).end('starting\n')
  }
  const servers: Server[] = []
  /** Connections that never asked anything: browsers open some ahead, and Node counts them as busy. */
  const fresh = new Set<Socket>()
  let bound = port
  for (const host of hosts) {
    const server = tls
      ? createTlsServer({ ...SERVER_OPTIONS, ...tls, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] })
      : createServer(SERVER_OPTIONS)
    server.timeout = IDLE_SOCKET_MS
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      fresh.add(socket)
      socket.once('close', () => fresh.delete(socket))
    })
    server.on('request', (req, res) => {
      fresh.delete(req.socket)
      handler(req, res)
    })
    server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
      fresh.delete(req.socket)
      rememberExpectation(req)
      handler(req, res)
    })
    try {
      bound = await bind(server, host, bound)
      servers.push(server)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const absent = code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT'
      if (!absent || servers.length === 0) {
        for (const open of servers) open.close()
        throw error
      }
    }
  }
  return {
    port: bound,
    serve: (next) => {
      handler = next
    },
    close: async (graceMs) => {
      const drained = Promise.all(servers.map((server) => drain(server, graceMs)))
      for (const socket of fresh) socket.destroy()
      await drained
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

function drain(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs)
    // A connection whose last request ends now would be kept for the next one, which never comes.
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
    server.close(() => {
      clearTimeout(cut)
      clearInterval(idle)
      resolve()
    })
    server.closeIdleConnections()
  })
}
