import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { writePktLine } from '../../src/core/git/pkt-line.ts'

// Stock `git receive-pack` over smart HTTP, with nothing of the gateway but the two functions under test: what it makes
// of what we write is what any forge would make of it.

export interface StockServer {
  /** Address of a bare repository in the served folder. */
  url(name: string): string
  /** What stock receive-pack advertised, as it came, newest last. */
  readonly advertised: Buffer[]
  /** Bodies as the client sent them (content coding undone), newest last; probes included. */
  readonly sent: Buffer[]
  /** Answers of stock receive-pack, newest last. */
  readonly answered: Buffer[]
  close(): void
}

export async function stockServer(
  dir: string,
  change: { advertisement?: (bytes: Buffer) => Buffer; body?: (bytes: Buffer) => Buffer } = {},
): Promise<StockServer> {
  const self: StockServer = {
    url: (name) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`,
    advertised: [],
    sent: [],
    answered: [],
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
  const server = createServer((req, res) => {
    void answer(req).then(({ type, body }) => {
      res.writeHead(200, { 'content-type': `application/x-git-receive-pack-${type}` })
      res.end(body)
    })
  })
  async function answer(req: IncomingMessage): Promise<{ type: string; body: Buffer }> {
    const [, name, rest] = /^\/([^/]+)\/(.*)$/.exec(req.url!)!
    const repo = join(dir, name!)
    if (rest!.startsWith('info/refs')) {
      const plain = await receivePack(repo, ['--advertise-refs'])
      const whole = Buffer.concat([writePktLine('# service=git-receive-pack\n'), Buffer.from('0000'), plain])
      self.advertised.push(whole)
      return { type: 'advertisement', body: change.advertisement?.(whole) ?? whole }
    }
    const body = await buffer(req.headers['content-encoding'] === 'gzip' ? req.pipe(createGunzip()) : req)
    self.sent.push(body)
    const result = await receivePack(repo, [], change.body?.(body) ?? body)
    self.answered.push(result)
    return { type: 'result', body: result }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return self
}

/** What `git receive-pack --stateless-rpc` answers to `input`. */
export async function receivePack(
  repo: string,
  options: readonly string[],
  input: Uint8Array = Buffer.alloc(0),
): Promise<Buffer> {
  const child = spawn('git', ['receive-pack', '--stateless-rpc', ...options, repo], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', LC_ALL: 'C' },
  })
  child.stdin.on('error', () => {}) // receive-pack may stop listening early
  child.stdin.end(input)
  return buffer(child.stdout)
}
