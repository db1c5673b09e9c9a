import { createHash, type Hash } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { randomBytes } from '../../../src/core/crypto.ts'
import { isOid } from '../../../src/core/lfs/object.ts'
import { accessOf, allows } from '../access.ts'
import type { Options } from '../options.ts'
import type { Store } from '../state.ts'
import { basicUser } from './smart-http.ts'

const JSON_TYPE = 'application/vnd.git-lfs+json'

interface Answer {
  readonly status: number
  readonly value?: object
}

const none = (status: number): Answer => ({ status })
const said = (status: number, message: string): Answer => ({ status, value: { message } })
const INVALID = said(400, 'Invalid oid')
const MISSING = said(404, 'Object does not exist')

/** Whatever lies below `info/lfs` of a repository: large files, by token only. Objects lie in one folder a repository. */
export async function serveLfs(
  store: Store,
  options: Options,
  req: IncomingMessage,
  res: ServerResponse,
  segments: readonly string[],
): Promise<void> {
  const end = ({ status, value }: Answer, headers: Record<string, string> = {}): void => {
    const typed = value === undefined ? {} : { 'content-type': JSON_TYPE }
    res.writeHead(status, { ...typed, ...headers }).end(value === undefined ? '' : JSON.stringify(value))
  }
  const rest = segments.slice(4).join('/')
  const oid = rest.startsWith('objects/basic/') ? rest.slice('objects/basic/'.length) : ''
  const line = `${req.method} ${oid === '' || oid === 'verify' ? rest : 'objects/basic/:oid'}`
  if (!LINES.has(line)) return end(none(404))
  const user = basicUser(store, req.headers.authorization)
  if (!user) return end(said(401, 'Credentials needed'), { 'lfs-authenticate': 'Basic realm="Git LFS"' })
  const repo = store.repo(segments[0]!, segments[1]!.replace(/\.git$/, ''))
  if (!repo || !allows(accessOf(store, user, repo), LINES.get(line)!)) return end(none(404))
  const dir = join(store.home, 'lfs', `${repo.id}`)
  mkdirSync(dir, { recursive: true })
  const path = join(dir, oid)
  switch (line) {
    case 'POST objects/batch':
    case 'POST objects/basic/verify': {
      const wrong = wrongTypes(req)
      if (wrong) return end(none(wrong))
      const asked = await readJson(req)
      const base = `${options.externalUrl}/${segments[0]}/${segments[1]}/info/lfs/objects/basic`
      return end(line.endsWith('batch') ? batch(dir, base, asked) : verify(dir, asked))
    }
    case 'PUT objects/basic/:oid':
      if (req.headers['content-type'] !== 'application/octet-stream') return end(none(400))
      if (!isOid(oid)) return end(INVALID)
      return end(await take(req, dir, oid))
    default:
      if (!isOid(oid)) return end(INVALID)
      if (!existsSync(path)) return end(MISSING)
      res.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-length': `${statSync(path).size}`,
      })
      // Who leaves in the middle ends the reading.
      await pipeline(createReadStream(path), res).catch(() => undefined)
  }
}

const LINES: ReadonlyMap<string, 'read' | 'write'> = new Map([
  ['POST objects/batch', 'read'],
  ['POST objects/basic/verify', 'write'],
  ['PUT objects/basic/:oid', 'write'],
  ['GET objects/basic/:oid', 'read'],
  ['HEAD objects/basic/:oid', 'read'],
])

function wrongTypes(req: IncomingMessage): number | undefined {
  const is = (field: string | undefined): boolean => field?.split(';', 1)[0] === JSON_TYPE
  if (!is(req.headers.accept)) return 406
  return is(req.headers['content-type']) ? undefined : 415
}

type Asked = { readonly oid?: unknown; readonly size?: unknown }

function batch(dir: string, base: string, asked: { operation?: unknown; objects?: unknown }): Answer {
  const { operation, objects } = asked
  if (operation !== 'upload' && operation !== 'download') return said(400, 'Operation not recognized')
  const answered = (Array.isArray(objects) ? (objects as Asked[]) : []).map(({ oid, size }) => {
    const fault = (code: number, message: string) => ({
      oid,
      size,
      actions: { error: { code, message } },
    })
    if (operation === 'upload') {
      if (!isOid(oid)) return fault(422, 'Object has invalid oid')
      const href = `${base}/${oid}`
      const upload = { href, header: { 'Content-Type': 'application/octet-stream' } }
      return { oid, size, actions: { upload, verify: { href: `${base}/verify` } } }
    }
    if (!isOid(oid) || !existsSync(join(dir, oid))) return fault(404, 'Object does not exist')
    if (statSync(join(dir, oid)).size !== size) return fault(422, 'Object size mismatch')
    return { oid, size, actions: { download: { href: `${base}/${oid}` } } }
  })
  return { status: 200, value: { transfer: 'basic', objects: answered } }
}

function verify(dir: string, { oid, size }: Asked): Answer {
  if (!isOid(oid)) return INVALID
  const path = join(dir, oid)
  if (!existsSync(path)) return MISSING
  return statSync(path).size === size ? none(200) : said(400, 'Object size mismatch')
}

/** Keep what comes when it hashes to its name; what is there already is kept as it is. */
async function take(req: IncomingMessage, dir: string, oid: string): Promise<Answer> {
  const path = join(dir, oid)
  if (existsSync(path)) {
    req.resume()
    return none(200)
  }
  const aside = join(dir, `${randomBytes(8).toString('hex')}.part`)
  const hash = createHash('sha256')
  try {
    await pipeline(req, (source: AsyncIterable<Buffer>) => hashed(source, hash), createWriteStream(aside))
    if (hash.digest('hex') !== oid) return said(400, 'content hash does not match OID')
    renameSync(aside, path)
    return none(200)
  } finally {
    rmSync(aside, { force: true })
  }
}

async function* hashed(source: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    hash.update(chunk)
    yield chunk
  }
}

async function readJson(req: IncomingMessage): Promise<Asked & { operation?: unknown; objects?: unknown }> {
  const chunks: Buffer[] = []
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk)
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
