import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { accessOf, allows } from '../access.ts'
import type { User } from '../model.ts'
import type { Options } from '../options.ts'
import type { Store } from '../state.ts'
import { git, gitEnv } from './run.ts'

/** Whatever lies below a repository and is no page: git over HTTP (gitprotocol-http), by token, or open to everybody. */
export async function serveGit(
  store: Store,
  { open }: Options,
  req: IncomingMessage,
  res: ServerResponse,
  segments: readonly string[],
  query: URLSearchParams,
): Promise<void> {
  const end = (code: number, text = '', headers: Record<string, string> = {}): void =>
    void res.writeHead(code, headers).end(text)
  const [owner, name] = segments as [string, string]
  const action = segments.slice(2).join('/')
  const bare = name.replace(/\.git$/, '')
  const part = bare.endsWith('.wiki') ? 'wiki' : 'code'
  const repo = store.repo(owner, bare.replace(/\.wiki$/, ''))
  if (!repo) return end(404)
  if (!/git-|info\/|HEAD|objects\//.test(action))
    return end(400, `Unrecognized action "${action}"\n`, { 'content-type': 'text/plain; charset=utf-8' })
  const ask = { 'www-authenticate': 'Basic realm="."' }
  const user = basicUser(store, req.headers.authorization)
  const service = action === 'info/refs' ? (query.get('service') ?? '') : action
  if (!user && !(open && !repo.private && service === 'git-upload-pack')) return end(401, '', ask)
  const mode = accessOf(store, user, repo)
  if (!allows(mode, service === 'git-receive-pack' ? 'write' : 'read'))
    return end(403, 'User permission denied\n', { ...ask, 'content-type': 'text/plain; charset=utf-8' })
  const dir = store.repoPath(repo, part)
  if (!existsSync(dir) || (service !== 'git-upload-pack' && service !== 'git-receive-pack')) return end(404)
  const command = service.slice(4)
  if (action === 'info/refs' && req.method === 'GET') {
    const { out } = await git(dir, [command, '--stateless-rpc', '--advertise-refs', '.'])
    const line = `# service=${service}\n`
    const head = `${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`
    const headers = {
      'content-type': `application/x-${service}-advertisement`,
      'cache-control': 'no-cache, max-age=0, must-revalidate',
    }
    res.writeHead(200, headers).end(Buffer.concat([Buffer.from(head), out]))
    return
  }
  if (action !== service || req.method !== 'POST') return end(404)
  if (req.headers['content-type'] !== `application/x-${service}-request`) return end(401)
  await rpc(req, res, dir, command)
}

/** One stateless exchange, streamed both ways. A git that fails before its first byte is a 500, as in Gogs. */
async function rpc(req: IncomingMessage, res: ServerResponse, dir: string, command: string): Promise<void> {
  const child = spawn('git', [command, '--stateless-rpc', '.'], {
    cwd: dir,
    env: gitEnv(),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const closed = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)))
  child.once('error', () => res.destroy())
  // A client that goes away ends the input; git then decides by itself what it has.
  const body =
    req.headers['content-encoding'] === 'gzip'
      ? pipeline(req, createGunzip(), child.stdin)
      : pipeline(req, child.stdin)
  body.catch(() => child.stdin.destroy())
  res.setHeader('content-type', `application/x-git-${command}-result`)
  child.stdout.on('data', (part: Buffer) => {
    if (!res.destroyed && !res.write(part)) {
      child.stdout.pause()
      res.once('drain', () => child.stdout.resume())
    }
  })
  res.once('close', () => child.stdout.resume())
  const code = await closed
  if (!res.headersSent && code !== 0) res.statusCode = 500
  res.end()
}

/** Basic credentials hold a token as user name or as password; there are no passwords here. */
export function basicUser(store: Store, authorization: string | undefined): User | undefined {
  const encoded = /^Basic (\S+)$/.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon === -1
    ? undefined
    : (store.userOfToken(text.slice(0, colon)) ?? store.userOfToken(text.slice(colon + 1)))
}
