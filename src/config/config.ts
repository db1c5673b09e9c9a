import { isAbsolute, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { type DatabaseUrl, parseDatabaseUrl } from '../core/database-url.ts'
import { err, ok, type Result } from '../core/result.ts'

const origin = z
  .string()
  .regex(/^https?:\/\/[a-z0-9.-]+(?::\d{1,5})?$/, 'an origin: scheme and lower-case host, no path')
const duration = z.int().positive()

const FILE = z.strictObject({
  /** Public origin of the forge, e.g. https://git.example.com. With `portal` and `listen`, or none of the three: loopback. */
  forge: origin.optional(),
  /** Public origin of the portal, another host, e.g. https://id.git.example.com; its host is the RP ID. */
  portal: origin.optional(),
  listen: z
    .strictObject({ host: z.string().default('127.0.0.1'), port: z.int().min(0).max(65535) })
    .optional(),
  tls: z.strictObject({ cert: z.string(), key: z.string() }).optional(),
  /** git over SSH; `name` and `publicPort` are what clone URLs show, by default the forge's host and `port`. */
  ssh: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65535),
      name: z
        .string()
        .regex(/^[a-z0-9.-]+$/, 'a host name in lower case')
        .optional(),
      publicPort: z.int().min(1).max(65535).optional(),
    })
    .optional(),
  /** A Gogs that somebody else runs; without it the gateway runs one. */
  gogs: z
    .strictObject({
      url: z.url(),
      header: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{7,}$/),
      serviceAccount: z.string(),
    })
    .optional(),
  /** `report-only`: nothing is asked for or refused by policy; what would have been is on record. */
  mode: z.enum(['enforce', 'report-only']).default('enforce'),
  /** The same, in these repositories alone. */
  reportOnly: z.array(z.string().regex(/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/, 'owner/repository')).default([]),
  /** A PostgreSQL to keep the records in: postgres://user:password@host/name. Without it they are a file in the home. */
  database: z.string().optional(),
  log: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
  /** Minutes. */
  sessions: z
    .strictObject({
      portalIdle: duration.default(60),
      forgeIdle: duration.default(720),
      absolute: duration.default(720),
      gitPassword: duration.default(720),
      /** The longest life a token for programs may be given. */
      token: duration.default(43_200),
      link: duration.default(1440),
    })
    .prefault({}),
  /** Pushes that wait for a touch. `seconds` is how long each may be approved. */
  holds: z
    .strictObject({
      seconds: z.int().min(5).max(3000).default(300),
      perAccount: duration.default(20),
      total: duration.default(500),
    })
    .prefault({}),
  /**
   * Changes that wait for other people, in this process's memory. Minutes that they have to countersign, by the group of the
   * action.
   */
  countersign: z
    .strictObject({
      change: z.int().min(1).max(60).default(60),
      critical: z.int().min(1).max(60).default(30),
    })
    .prefault({}),
  /** Disk for what waits and for the mirrors it is shown beside, MiB. */
  spool: z
    .strictObject({
      push: duration.default(4096),
      account: duration.default(8192),
      total: duration.default(16384),
      mirror: duration.default(4096),
      mirrors: duration.default(16384),
    })
    .prefault({}),
  /** Large files: the largest object that may be uploaded, MiB. */
  lfs: z.strictObject({ maxObjectMiB: z.int().min(1).max(1_048_576).default(2048) }).prefault({}),
})

type Names = {
  readonly forge: string
  readonly portal: string
  readonly listen: { host: string; port: number }
}

/** `names` is null for a gateway on loopback. */
export type ConfigFile = Omit<z.output<typeof FILE>, keyof Names | 'database'> & {
  readonly names: Names | null
  readonly database: DatabaseUrl | null
}
export const configSchema = (): object => z.toJSONSchema(FILE, { io: 'input' })

/** Read `countersign.yaml`. Errors name the line. Relative paths are taken from `dir`. */
export function parseConfig(text: string, dir: string): Result<ConfigFile, string> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const broken = document.errors[0]
  if (broken)
    return err(`countersign.yaml:${lines.linePos(broken.pos[0]).line}: ${broken.message.split('\n', 1)[0]}`)
  const lineOf = (path: readonly PropertyKey[]): number => {
    const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined
    return node?.range ? lines.linePos(node.range[0]).line : 1
  }
  const parsed = FILE.safeParse(document.toJS({ maxAliasCount: 0 }))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    return err(`countersign.yaml:${lineOf(issue.path)}: ${issue.path.join('.') || 'file'}: ${issue.message}`)
  }
  const { forge, portal, listen, database: databaseText, ...config } = parsed.data
  const database = databaseText === undefined ? ok(null) : parseDatabaseUrl(databaseText)
  if (!database.ok) return err(`countersign.yaml:${lineOf(['database'])}: database: ${database.error}`)
  const names = forge !== undefined && portal !== undefined && listen ? { forge, portal, listen } : null
  if (!names && (forge ?? portal ?? listen ?? config.tls ?? config.ssh) !== undefined)
    return err('countersign.yaml: forge, portal and listen belong together')
  if (names && new URL(names.forge).hostname === new URL(names.portal).hostname)
    return err('countersign.yaml: forge and portal must be two host names, since cookies cross ports')
  if (names && new URL(names.forge).protocol !== new URL(names.portal).protocol)
    return err('countersign.yaml: forge and portal must use the same scheme')
  const at = (path: string): string => (isAbsolute(path) ? path : resolve(dir, path))
  return ok({
    ...config,
    names,
    database: database.value,
    ...(config.tls && { tls: { cert: at(config.tls.cert), key: at(config.tls.key) } }),
  })
}
