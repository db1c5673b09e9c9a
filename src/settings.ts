import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StartOptions } from './config/options.ts'
import { DatabaseUrl } from './core/database-url.ts'
import { err, ok, type Result } from './core/result.ts'
import type { TlsFiles } from './front/http/listeners.ts'

/** Minutes, as in the config file. */
export interface Limits {
  readonly portalIdle: number
  readonly forgeIdle: number
  readonly absolute: number
  readonly gitPassword: number
  /** The longest life of a token for programs. */
  readonly token: number
  readonly link: number
}

/** Where the gateway listens and under which names, before ports are known. */
export type Addressing =
  | { readonly kind: 'loopback'; readonly port: number }
  | {
      readonly kind: 'named'
      readonly forge: string
      readonly portal: string
      readonly host: string
      readonly port: number
      readonly tls: TlsFiles | null
      /** Where git over SSH is served, under which name and port it is known; null when it is not. */
      readonly ssh: {
        readonly host: string
        readonly port: number
        readonly name: string
        readonly publicPort: number | null
      } | null
    }

export interface Settings {
  readonly home: string
  readonly addressing: Addressing
  readonly gogs: { readonly url: string; readonly header: string; readonly serviceAccount: string } | null
  /** A PostgreSQL that keeps the records; null: a file in the home. */
  readonly database: DatabaseUrl | null
  readonly logLevel: string
  /** Where nothing is enforced: everywhere, or in repositories by name. */
  readonly reportOnly: { readonly all: boolean; readonly repos: readonly string[] }
  readonly limits: Limits
  /** `seconds`: how long a push may be approved; the others count pushes that wait at once. */
  readonly holds: { readonly seconds: number; readonly perAccount: number; readonly total: number }
  /** Minutes that other people have to countersign, by the group of what waits. */
  readonly countersign: { readonly change: number; readonly critical: number }
  /** Disk, MiB: one push, all of an account, all; one mirror, all mirrors. */
  readonly spool: {
    readonly push: number
    readonly account: number
    readonly total: number
    readonly mirror: number
    readonly mirrors: number
  }
  /** Large files, MiB: one object. */
  readonly lfs: { readonly maxObjectMiB: number }
}

/** What `countersign.yaml` would say by default, so that its parser is not loaded without one. */
export const DEFAULTS: Pick<Settings, 'reportOnly' | 'limits' | 'holds' | 'countersign' | 'spool' | 'lfs'> = {
  reportOnly: { all: false, repos: [] },
  limits: { portalIdle: 60, forgeIdle: 720, absolute: 720, gitPassword: 720, token: 43_200, link: 1440 },
  holds: { seconds: 300, perAccount: 20, total: 500 },
  countersign: { change: 60, critical: 30 },
  spool: { push: 4096, account: 8192, total: 16384, mirror: 4096, mirrors: 16384 },
  lfs: { maxObjectMiB: 2048 },
}

/**
 * Settings of a start: `countersign.yaml` in the home when there is one, else two loopback origins. The parser is
 * loaded only when there is a file to parse.
 */
export async function loadSettings({ home, port }: StartOptions): Promise<Result<Settings, string>> {
  const file = join(home, 'countersign.yaml')
  if (!existsSync(file))
    return ok({
      home,
      addressing: { kind: 'loopback', port },
      gogs: null,
      database: null,
      logLevel: process.env['COUNTERSIGN_LOG'] ?? 'warn',
      ...DEFAULTS,
    })
  const { parseConfig } = await import('./config/config.ts')
  const parsed = parseConfig(readFileSync(file, 'utf8'), home)
  if (!parsed.ok) return parsed
  const database = withKeptPassword(parsed.value.database, home)
  const { names, tls, ssh, gogs, sessions, holds, countersign, spool, lfs, log, mode, reportOnly } =
    parsed.value
  const rest = {
    home,
    gogs: gogs ?? null,
    database,
    logLevel: process.env['COUNTERSIGN_LOG'] ?? log,
    reportOnly: { all: mode === 'report-only', repos: reportOnly },
    limits: sessions,
    holds,
    countersign,
    spool,
    lfs,
  }
  if (!names) return ok({ ...rest, addressing: { kind: 'loopback', port } })
  const { forge, portal, listen } = names
  try {
    const files = tls ? { cert: readFileSync(tls.cert), key: readFileSync(tls.key) } : null
    if (files === null && !isLoopback(listen.host))
      return err('countersign.yaml: without tls the gateway listens on loopback only')
    return ok({
      ...rest,
      addressing: {
        kind: 'named',
        forge,
        portal,
        host: listen.host,
        port: listen.port,
        tls: files,
        ssh: ssh
          ? {
              host: ssh.host,
              port: ssh.port,
              name: ssh.name ?? new URL(forge).hostname,
              publicPort: ssh.publicPort ?? null,
            }
          : null,
      },
    })
  } catch (error) {
    return err(`countersign.yaml: ${(error as Error).message}`)
  }
}

/** A password that is not in the file's URL may be in a file of its own, beside the keys. */
function withKeptPassword(database: DatabaseUrl | null, home: string): DatabaseUrl | null {
  const file = join(home, 'secrets', 'database.password')
  if (database?.password() !== '' || !existsSync(file)) return database
  return new DatabaseUrl(database.place, readFileSync(file, 'utf8').trimEnd())
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}
