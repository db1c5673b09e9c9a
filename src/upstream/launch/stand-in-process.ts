import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomBytes } from '../../core/crypto.ts'
import { privateDirectory } from '../../files/private-file.ts'
import { freePort, startChild } from './child.ts'
import { childEnv } from './child-env.ts'
import { SERVICE_USER, type Started } from './gogs-process.ts'

const MAIN = fileURLToPath(new URL('../../../demo/stand-in/main.ts', import.meta.url))

/** Start the stand-in: the forge of tests and of a first look, when there is no Gogs. `inject` is for tests alone. */
export async function startStandIn(options: {
  readonly home: string
  readonly pidFile: string
  readonly externalUrl: string
  readonly ssh: { readonly host: string; readonly port: number } | null
  readonly env: NodeJS.ProcessEnv
  readonly open: boolean
  readonly inject?: string
}): Promise<Started> {
  const home = join(options.home, 'stand-in')
  privateDirectory(home)
  const port = await freePort()
  const headerName = `X-Cs-${randomBytes(16).toString('hex')}`
  const flags = [
    '--home',
    home,
    '--port',
    String(port),
    '--admin',
    SERVICE_USER,
    '--external-url',
    options.externalUrl,
  ]
  // The header's name is a secret of a kind, so it travels in the environment and not in the argument list.
  const env = { ...childEnv(options.env, home), STAND_IN_HEADER: headerName }
  const argv: [string, ...string[]] = [
    process.execPath,
    MAIN,
    ...flags,
    ...(options.ssh ? ['--ssh-url', `ssh://git@${options.ssh.host}:${options.ssh.port}`] : []),
    ...(options.open ? ['--open'] : []),
    ...(options.inject ? ['--inject', options.inject] : []),
  ]
  const child = await startChild({ argv, cwd: home, env, port, home: options.home, pidFile: options.pidFile })
  return { url: `http://127.0.0.1:${port}`, headerName, process: child }
}
