import { err, ok, type Result } from './result.ts'

/** Where a PostgreSQL is, without the password. */
export interface DatabasePlace {
  /** A host name, an address, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly name: string
  /** Certificates are verified, and the host's name in them; null: no TLS, only on this machine. */
  readonly tls: { readonly ca: string | null } | null
}

/** A database and the password to it. A type of its own, so that it is never logged with the settings: printed, it has no password. */
export class DatabaseUrl {
  readonly place: DatabasePlace
  readonly #password: string

  constructor(place: DatabasePlace, password: string) {
    this.place = place
    this.#password = password
  }

  /** For the connection alone. */
  password(): string {
    return this.#password
  }

  toString(): string {
    const { host, port, user, name } = this.place
    const at = host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
    return `postgres://${user}@${at}/${name}`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

const FORM = 'postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE'
const OPTIONS = new Set(['host', 'sslmode', 'sslrootcert'])

/**
 * Read `postgres://user:password@host:port/database`, with `@localhost/database?host=/directory` for a Unix socket. Another machine is reached only by
 * `sslmode=verify-full`. What cannot be read is refused in words that never hold the text itself: it may be a password.
 */
export function parseDatabaseUrl(text: string): Result<DatabaseUrl, string> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') || url.hash !== '')
    return err(`not of the form ${FORM}`)
  const given = [...url.searchParams]
  if (
    given.some(([name]) => !OPTIONS.has(name)) ||
    new Set(given.map(([name]) => name)).size !== given.length
  )
    return err('options are host, sslmode and sslrootcert, each once')
  const user = decoded(url.username)
  const password = decoded(url.password)
  const name = decoded(url.pathname.slice(1))
  const socket = url.searchParams.get('host')
  const host = socket ?? url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (!user || password === undefined || !name || name.includes('/') || host === '')
    return err(`not of the form ${FORM}`)
  if (socket !== null && (!socket.startsWith('/') || url.hostname !== 'localhost'))
    return err('the option host is the directory of a Unix socket of localhost')
  const mode = url.searchParams.get('sslmode') ?? 'disable'
  if (mode !== 'disable' && mode !== 'verify-full') return err('sslmode is verify-full or disable')
  if (mode === 'disable' && socket === null && !isLoopback(host))
    return err('a database on another machine needs sslmode=verify-full')
  const tls = mode === 'verify-full' ? { ca: url.searchParams.get('sslrootcert') } : null
  const port = url.port === '' ? 5432 : Number(url.port)
  return ok(new DatabaseUrl({ host, port, user, name, tls }, password))
}

function decoded(text: string): string | undefined {
  try {
    const plain = decodeURIComponent(text)
    return plain.includes('\0') ? undefined : plain
  } catch {
    return undefined
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
