import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { userInfo } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import { randomBytes, randomSecret } from '../../core/crypto.ts'
import { keptSecret, privateDirectory, writePrivateFile } from '../../files/private-file.ts'
import { type ForgeProcess, freePort, startChild } from './child.ts'
import { childEnv } from './child-env.ts'
import { gogsConfig } from './gogs-config.ts'

const run = promisify(execFile)
export const SERVICE_USER = 'countersign'

/** How to reach a forge that was just started. */
export interface Started {
  readonly url: string
  readonly headerName: string
  readonly process: ForgeProcess
}

/** The Gogs binary to use: `GOGS_BINARY`, else `gogs` on PATH, else undefined. A named one that cannot run is an error. */
export function findGogs(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['GOGS_BINARY']
  if (named) {
    if (!isAbsolute(named) || !isExecutable(named))
      throw new Error('GOGS_BINARY must be the absolute path of an executable file')
    return named
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  return folders.map((folder) => join(folder, 'gogs')).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** `0.14.3`, as the binary itself says. */
export async function gogsVersion(binary: string): Promise<string> {
  const { stdout } = await run(binary, ['--version'], { timeout: 10_000 })
  return /(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? 'unknown'
}

/**
 * Write a fresh `app.ini`, start Gogs with it and make sure that the service administrator exists. Port and header
 * name are new at every start; database, repositories and key stay in `home`.
 */
export async function startGogs(options: {
  readonly binary: string
  readonly home: string
  readonly pidFile: string
  readonly externalUrl: string
  readonly ssh: { readonly host: string; readonly port: number } | null
  readonly env: NodeJS.ProcessEnv
  readonly open: boolean
}): Promise<Started> {
  const home = join(options.home, 'gogs')
  for (const folder of [home, join(home, 'data'), join(home, 'git-home')]) privateDirectory(folder)
  const port = await freePort()
  const headerName = `X-Cs-${randomBytes(16).toString('hex')}`
  const config = join(home, 'app.ini')
  const secretKey = keptSecret(join(home, 'secret.key'), 32).toString('hex')
  const runUser = userInfo().username
  writePrivateFile(
    config,
    gogsConfig({
      home,
      port,
      externalUrl: options.externalUrl,
      ssh: options.ssh,
      headerName,
      secretKey,
      runUser,
      open: options.open,
    }),
  )
  const env = {
    ...childEnv(options.env, join(home, 'git-home')),
    GOGS_WORK_DIR: home,
    GOGS_CUSTOM: join(home, 'custom'),
  }
  const process = await startChild({
    argv: [options.binary, 'web', '--config', config],
    cwd: home,
    env,
    port,
    home: options.home,
    pidFile: options.pidFile,
  })
  const url = `http://127.0.0.1:${port}`
  try {
    await ensureServiceUser({ url, headerName, binary: options.binary, config, env })
  } catch (error) {
    await process.stop()
    throw error
  }
  return { url, headerName, process }
}

/**
 * The first administrator can be made by the command line only, which shows its arguments to other local users for a
 * moment. So that password is replaced at once by one that nobody has seen.
 */
async function ensureServiceUser(gogs: {
  url: string
  headerName: string
  binary: string
  config: string
  env: NodeJS.ProcessEnv
}): Promise<void> {
  const as = { [gogs.headerName]: SERVICE_USER }
  const email = `${SERVICE_USER}@localhost.localdomain`
  const settings = await fetch(`${gogs.url}/user/settings`, { headers: as, redirect: 'manual' })
  await settings.arrayBuffer()
  if (settings.status !== 200) {
    const argv = [
      'admin',
      'create-user',
      '--config',
      gogs.config,
      '--name',
      SERVICE_USER,
      '--email',
      email,
      '--admin',
      '--password',
      randomSecret(),
    ]
    await run(gogs.binary, argv, { env: gogs.env, timeout: 30_000 }).catch(
      (error: { stderr?: string; stdout?: string }) => {
        throw new Error(
          `Gogs did not make its service administrator: ${(error.stderr || error.stdout || '').trim().slice(-300)}`,
        )
      },
    )
  }
  const changed = await fetch(`${gogs.url}/api/v1/admin/users/${SERVICE_USER}`, {
    method: 'PATCH',
    headers: { ...as, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: randomSecret(), admin: true, active: true }),
  })
  await changed.arrayBuffer()
  if (changed.status !== 200)
    throw new Error(`Gogs answered ${changed.status} when the service administrator was set up`)
}
