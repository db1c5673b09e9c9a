import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { find, POSTGRES } from '../../scripts/prerequisites.ts'
import { type DatabaseUrl, parseDatabaseUrl } from '../../src/core/database-url.ts'

/** A real server of its own, on loopback, with a password; gone at the end of the process. */
export interface PostgresServer {
  readonly port: number
  /** What the server logged so far. */
  readonly log: string
  /** Another new, empty database, as one writes it in countersign.yaml. */
  createDatabase(template?: string): Promise<string>
  /** A statement by the superuser. */
  admin(sql: string, database?: string): Promise<Record<string, unknown>[]>
  stop(how?: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
}

export const PASSWORD = 'swordfish:/@?#'

export function databaseUrl(text: string): DatabaseUrl {
  const parsed = parseDatabaseUrl(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

let shared: Promise<PostgresServer> | undefined
/** The server that the tests of this process share. */
export function sharedServer(): Promise<PostgresServer> {
  shared ??= startServer()
  return shared
}

/** initdb and start. The server refuses to run as root, so for root it is nobody's. */
export async function startServer(where: 'memory' | 'disk' = 'memory'): Promise<PostgresServer> {
  const program = find(POSTGRES)
  if (program === undefined) throw new Error('there is no PostgreSQL on this machine')
  const bin = dirname(program)
  // A sync to a disk in memory costs nothing.
  const dir = mkdtempSync(
    join(where === 'memory' && existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'postgres-'),
  )
  const user = process.getuid?.() === 0 ? nobody() : undefined
  if (user) chownSync(dir, user.uid, user.gid)
  process.once('exit', () => {
    spawnSync(join(bin, 'pg_ctl'), ['stop', '-m', 'immediate', '-D', join(dir, 'data')], {
      ...user,
      cwd: dir,
    })
    rmSync(dir, { recursive: true, force: true })
  })
  const passwords = join(dir, 'password')
  writeFileSync(passwords, PASSWORD)
  const run = (name: string, ...args: string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = spawn(join(bin, name), args, { ...user, cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] })
      let said = ''
      child.stderr.on('data', (chunk) => (said += chunk))
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${name}: ${said}`))))
    })
  const data = join(dir, 'data')
  await run(
    'initdb',
    '-D',
    data,
    '-U',
    'countersign',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwords}`,
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '-N',
  )
  const port = await freePort()
  writeFileSync(
    join(data, 'postgresql.auto.conf'),
    `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = '${dir}'\nmax_connections = 200\nautovacuum = off\nshared_buffers = 32MB\n`,
  )
  const log = join(dir, 'log')
  const start = (): Promise<void> => run('pg_ctl', 'start', '-w', '-D', data, '-l', log)
  await start()
  let made = 0
  const at = (name: string): string =>
    `postgres://countersign:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${name}`
  const admin = async (sql: string, database = 'postgres'): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client(at(database))
    await client.connect()
    try {
      return (await client.query(sql)).rows as Record<string, unknown>[]
    } finally {
      await client.end()
    }
  }
  return {
    port,
    log,
    async createDatabase(template = 'template0') {
      const name = `test_${made++}`
      await admin(`create database ${name} template ${template}`)
      return at(name)
    },
    admin,
    stop: (how = 'fast') => run('pg_ctl', 'stop', '-w', '-m', how, '-D', data),
    start,
  }
}

function nobody(): { uid: number; gid: number } {
  const id = (flag: string): number =>
    Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout.trim())
  const [uid, gid] = [id('-u'), id('-g')]
  if (!uid || !gid) throw new Error('this machine has no user nobody to run PostgreSQL as')
  return { uid, gid }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
