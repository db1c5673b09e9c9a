import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** Send bytes on a raw socket and return everything that comes back until the peer closes or `until` matches. */
export function rawExchange(port: number, bytes: string | Buffer, until?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let seen = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      seen += text
      if (until?.test(seen)) socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve(seen) : reject(error),
    )
    socket.on('close', () => resolve(seen))
  })
}

/** A server that says exactly what `script` writes: for answers that no HTTP library would give. */
export async function rawServer(
  script: (socket: Socket, received: () => string) => void,
): Promise<{ port: number; server: Server; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let seen = ''
    socket.on('data', (chunk) => (seen += chunk.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    script(socket, () => seen)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    server,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** Poll until `probe` is true; fails after ten seconds. For conditions, never for timing. */
export async function eventually(probe: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
