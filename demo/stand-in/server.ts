import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { randomBytes } from '../../src/core/crypto.ts'
import { csrfFault, newCsrf } from './csrf.ts'
import { serveLfs } from './git/lfs.ts'
import { serveGit } from './git/smart-http.ts'
import { notFound, STYLE } from './layout.ts'
import type { User } from './model.ts'
import type { Options } from './options.ts'
import { findRoute } from './routes.ts'
import type { Store } from './state.ts'
import { json, type Reply, redirect, status, type Visit } from './visit.ts'

const MAX_BODY = 16 * 1024 * 1024
const SESSION = 'i_like_gogs'
const ICON = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)

/** Files that are the same for everybody, served before anybody is asked who they are. */
const FILES: Record<string, Reply> = {
  '/healthcheck': { status: 200, type: 'text/plain; charset=utf-8', body: '* Database connection: OK\n' },
  '/css/stand-in.css': { status: 200, type: 'text/css; charset=utf-8', body: STYLE },
  '/img/favicon.png': { status: 200, type: 'image/png', body: ICON },
  '/robots.txt': { status: 404 },
}

/** The stand-in's HTTP server. Sessions hold nothing: who asks is said by the header, each time anew. */
export function createStandIn(store: Store, options: Options): Server {
  const sessions = new Set<string>()

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'http://stand-in')
    const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : '/'
    const file = FILES[path]
    if (file) return send(res, file, [])
    const segments = path.split('/').slice(1).map(decodeURIComponent)
    if (segments[2] === 'info' && segments[3] === 'lfs') return serveLfs(store, options, req, res, segments)
    const found = findRoute(req.method === 'HEAD' ? 'GET' : req.method!, segments)
    if (!found && segments.length > 2 && segments[0] !== 'api')
      return serveGit(store, options, req, res, segments, url.searchParams)

    const cookies: string[] = []
    const known = cookieOf(req, SESSION)
    if (known === undefined || !sessions.has(known)) {
      const fresh = randomBytes(8).toString('hex')
      sessions.add(fresh)
      cookies.push(`${SESSION}=${fresh}; Path=/; HttpOnly; SameSite=Lax`)
    }
    const csrf = newCsrf(store.state.csrfKey, Date.now())
    cookies.push(`_csrf=${csrf}; Path=/; HttpOnly`)
    const api = segments[0] === 'api'
    const { user, byToken } = identify(req, api)
    const body = await readBody(req)
    if (body === undefined) return send(res, status(413), cookies)
    const type = req.headers['content-type'] ?? ''
    const fields = new URLSearchParams(
      type.startsWith('application/x-www-form-urlencoded') ? body.toString() : '',
    )
    for (const [name, value] of url.searchParams) fields.append(name, value)
    const visit: Visit = {
      store,
      options,
      method: req.method!,
      path,
      params: found?.params ?? [],
      user,
      byToken,
      fields,
      json: type.includes('json') ? parseObject(body) : {},
      csrf,
      ...(type.startsWith('multipart/form-data') && (await fileOf(body, type))),
    }

    if (!found) return send(res, user || !api ? notFound(visit) : forbidden(), cookies)
    const { who, handler } = found
    if (req.method === 'POST' && !api && who !== 'anyone') {
      const fault = csrfFault(
        store.state.csrfKey,
        header(req, 'x-csrf-token') ?? fields.get('_csrf') ?? undefined,
        Date.now(),
      )
      if (fault) return send(res, { status: 400, type: 'text/plain; charset=utf-8', body: fault }, cookies)
    }
    if (who !== 'anyone' && !user && !(who === 'reader' && options.open))
      return send(res, api ? forbidden() : redirect('/user/login'), cookies)
    if (who === 'token' && !byToken) return send(res, status(401), cookies)
    if (who === 'site-admin' && !user?.admin) return send(res, status(403), cookies)
    return send(res, await handler(visit), cookies)
  }

  /** An API token first, then the header; one name for each, and only of a person. */
  function identify(req: IncomingMessage, api: boolean): { user: User | undefined; byToken: boolean } {
    const token = api ? /^token (\S+)$/.exec(req.headers.authorization ?? '')?.[1] : undefined
    const byToken = token === undefined ? undefined : store.userOfToken(token)
    if (byToken) return { user: byToken, byToken: true }
    const name = header(req, options.header)
    return { user: name ? store.user(name) : undefined, byToken: false }
  }

  const server = createServer((req, res) => {
    res.on('error', () => undefined)
    handle(req, res).catch((error: unknown) => {
      process.stderr.write(`stand-in: ${(error as Error).stack ?? String(error)}\n`)
      if (res.headersSent) res.destroy()
      else send(res, { status: 500, type: 'text/plain; charset=utf-8', body: 'Something went wrong.\n' }, [])
    })
  })
  // A large push may take its time.
  server.requestTimeout = 0
  return server
}

const forbidden = (): Reply => json({ message: 'Only authenticated user is allowed to call APIs.' }, 403)

function send(res: ServerResponse, reply: Reply, cookies: readonly string[]): void {
  const headers: Record<string, string | string[]> = {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'deny',
  }
  const set = [...cookies, ...(reply.cookies ?? [])]
  if (set.length > 0) headers['set-cookie'] = set
  if (reply.type !== undefined) headers['content-type'] = reply.type
  if (reply.location !== undefined) headers['location'] = reply.location
  res.writeHead(reply.status, headers).end(reply.body ?? '')
}

/** First value of a header, as Gogs reads it. */
function header(req: IncomingMessage, name: string): string | undefined {
  const value = req.headersDistinct[name]?.[0]
  return value === '' ? undefined : value
}

function cookieOf(req: IncomingMessage, name: string): string | undefined {
  const found = (req.headers.cookie ?? '').split('; ').find((one) => one.startsWith(`${name}=`))
  return found?.slice(name.length + 1)
}

async function readBody(req: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of req as AsyncIterable<Buffer>) {
    size += part.length
    if (size <= MAX_BODY) parts.push(part)
  }
  return size <= MAX_BODY ? Buffer.concat(parts) : undefined
}

async function fileOf(body: Buffer, type: string): Promise<{ file?: File }> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  const file = form.get('file')
  return file instanceof File ? { file } : {}
}

function parseObject(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
