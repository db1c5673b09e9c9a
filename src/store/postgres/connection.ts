import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { DatabaseUrl } from '../../core/database-url.ts'

/** How long a writer waits for another's transaction, ms; as with SQLite. */
const PATIENCE = 5000
/** One statement, at most, ms; and a transaction in which nothing happens. */
const STATEMENT = 60_000
const IDLE = 30_000

/** Of pg_type. */
const INT8 = 20
const BYTEA = 17
const NUMERIC = 1700
const { getTypeParser } = pg.types
const bufferOf = getTypeParser(BYTEA) as (text: string) => Buffer

/** Numbers are numbers, as with SQLite; one that JavaScript cannot hold is refused rather than rounded. */
function exactNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number))
    throw new RangeError(`the store holds a number that is too large: ${text}`)
  return number
}

function plainBytes(text: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = bufferOf(text)
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** What SQLite gives, too. Everything is read as text: nothing asks for pg's binary form. */
const types = {
  getTypeParser(oid: number): unknown {
    if (oid === INT8 || oid === NUMERIC) return exactNumber // a sum is numeric
    return oid === BYTEA ? plainBytes : getTypeParser(oid)
  },
} as pg.CustomTypesConfig

/** How every connection is made. What `url` leaves open is not looked for in the environment. */
export function connection(url: DatabaseUrl, options: { readOnly: boolean }): pg.ClientConfig {
  const { host, port, user, name, tls } = url.place
  return {
    host,
    port,
    user,
    database: name,
    password: () => url.password(),
    ssl: tls !== null && {
      rejectUnauthorized: true,
      ...(tls.ca !== null && { ca: readFileSync(tls.ca, 'utf8') }),
    },
    application_name: 'countersign',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: STATEMENT,
    // The server's own timeout comes first; this one is for a server that has gone.
    query_timeout: STATEMENT + 5000,
    lock_timeout: PATIENCE,
    idle_in_transaction_session_timeout: IDLE,
    // The server lets go of what a vanished machine held, within a minute.
    options: `-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 -c default_transaction_read_only=${options.readOnly ? 'on' : 'off'}`,
    types,
  }
}
