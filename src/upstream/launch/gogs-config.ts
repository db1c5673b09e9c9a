/** What a start of Gogs depends on; everything else is fixed below. */
export interface GogsSettings {
  /** Absolute directory that holds everything Gogs writes. */
  readonly home: string
  readonly port: number
  /** The gateway's public origin: what Gogs shows in clone URLs and redirects to. */
  readonly externalUrl: string
  /** Where the gateway serves git over SSH: Gogs shows it, and serves none itself. Null shows none. */
  readonly ssh: { readonly host: string; readonly port: number } | null
  /** Random name of the header that says who is asking; works as a secret against other local processes. */
  readonly headerName: string
  readonly secretKey: string
  /** Must be the OS user Gogs runs as, or it refuses to start once installed. */
  readonly runUser: string
  /** Whether the forge shows public repositories to whoever reaches it, who is the gateway. */
  readonly open: boolean
}

/**
 * The text of `app.ini`. One way in only: the header, from one address. No registration, no mail (so no reset links),
 * no SSH of its own, no metrics, nothing visible without a name unless it is `open`.
 */
export function gogsConfig(settings: GogsSettings): string {
  const { home, port, headerName } = settings
  const external = `${settings.externalUrl.replace(/\/+$/, '')}/`
  const sections: Record<string, Record<string, string>> = {
    '': { RUN_USER: settings.runUser, RUN_MODE: 'prod' },
    server: {
      HTTP_ADDR: '127.0.0.1',
      HTTP_PORT: String(port),
      EXTERNAL_URL: external,
      DOMAIN: new URL(external).hostname,
      // Hooks call Gogs itself through this; it must not lead through the gateway.
      LOCAL_ROOT_URL: `http://127.0.0.1:${port}/`,
      OFFLINE_MODE: 'true',
      APP_DATA_PATH: `${home}/data`,
      START_SSH_SERVER: 'false',
      ...shownSsh(settings),
    },
    repository: {
      ROOT: `${home}/repositories`,
      SCRIPT_TYPE: 'sh',
      DEFAULT_BRANCH: 'main',
      ENABLE_LOCAL_PATH_MIGRATION: 'false',
    },
    database: { TYPE: 'sqlite3', PATH: `${home}/data/gogs.db` },
    security: { INSTALL_LOCK: 'true', SECRET_KEY: settings.secretKey },
    email: { ENABLED: 'false' },
    auth: {
      REQUIRE_SIGNIN_VIEW: String(!settings.open),
      DISABLE_REGISTRATION: 'true',
      ENABLE_REVERSE_PROXY_AUTHENTICATION: 'true',
      ENABLE_REVERSE_PROXY_AUTO_REGISTRATION: 'false',
      REVERSE_PROXY_AUTHENTICATION_HEADER: headerName,
      TRUSTED_PROXY_IPS: '127.0.0.1/32',
    },
    session: { PROVIDER: 'memory' },
    picture: { DISABLE_GRAVATAR: 'true' },
    prometheus: { ENABLED: 'false' },
    log: { MODE: 'file', LEVEL: 'Info', ROOT_PATH: `${home}/log` },
  }
  return Object.entries(sections)
    .map(([name, values]) => `${name === '' ? '' : `[${name}]\n`}${lines(values)}`)
    .join('\n')
}

/**
 * Gogs shows an address only when it believes that it serves SSH. Keys that it is told of (it is told of none) would stand in a folder that
 * no server reads.
 */
function shownSsh({ home, ssh }: GogsSettings): Record<string, string> {
  if (!ssh) return { DISABLE_SSH: 'true' }
  return {
    DISABLE_SSH: 'false',
    SSH_DOMAIN: ssh.host,
    SSH_PORT: String(ssh.port),
    SSH_ROOT_PATH: `${home}/ssh`,
  }
}

function lines(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} = ${iniValue(value)}\n`)
    .join('')
}

/** A value that the INI reader takes as it is: `$`, `%` and back-quotes would be expanded. */
function iniValue(value: string): string {
  if (/[\r\n`$%"#;]/.test(value))
    throw new Error(`a setting for Gogs has a character that cannot be written: ${JSON.stringify(value)}`)
  return value
}
