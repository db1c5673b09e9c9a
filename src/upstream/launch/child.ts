import { spawn } from 'node:child_process'
import { closeSync, openSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { endGroup, writePidFile } from './pid-file.ts'
import { processIdentity } from './process-identity.ts'

const READY_MS = 60_000
const STOP_MS = 3000

export interface ChildOptions {
  /** Program and arguments. */
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly port: number
  /** Directory of `forge.pid` and `forge.log`. */
  readonly home: string
  readonly pidFile: string
}

/** A forge that runs as a child of this process. */
export interface ForgeProcess {
  readonly pid: number
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>
  /** TERM, then KILL after three seconds, to it and the git processes it runs. Resolves when it is gone. */
  stop(): Promise<void>
}

/**
 * Run a forge on loopback and wait until it answers `/healthcheck`. It leads a process group of its own, so that a
 * Ctrl-C meant for the gateway does not cut pushes that are still draining. Rejects when it ends before it is ready.
 */
export async function startChild(options: ChildOptions): Promise<ForgeProcess> {
  const out = openSync(join(options.home, 'forge.log'), 'a', 0o600)
  const [program, ...args] = options.argv
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['ignore', out, out],
  })
  closeSync(out)
  let over: string | undefined
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      over = error.message
      resolve()
    })
    child.once('exit', (code, signal) => {
      over = `it ended with ${signal ?? code}`
      resolve()
    })
  })
  const pid = child.pid
  if (pid === undefined) {
    await ended
    throw new Error(`the forge could not be started: ${over}`)
  }
  const lastResort = (): void => {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
  process.once('exit', lastResort)
  void ended.then(() => process.removeListener('exit', lastResort))
  const identity = await identify(pid, program)
  if (identity) writePidFile(options.pidFile, identity)
  const stop = async (): Promise<void> => {
    if (identity && over === undefined) await endGroup(identity, STOP_MS)
    await ended
    rmSync(options.pidFile, { force: true })
  }
  for (const until = Date.now() + READY_MS; ; await wait(20)) {
    if (over !== undefined)
      throw new Error(`the forge did not start: ${over}; see ${join(options.home, 'forge.log')}`)
    if (await answers(options.port)) return { pid, ended, stop }
    if (Date.now() > until) {
      await stop()
      throw new Error('the forge did not become ready within a minute')
    }
  }
}

/** Between fork and exec the child still carries this process's command line. */
async function identify(pid: number, program: string): Promise<ReturnType<typeof processIdentity>> {
  for (let tries = 0; tries < 100; tries++) {
    const identity = processIdentity(pid)
    if (!identity || identity.command.startsWith(program)) return identity
    await wait(5)
  }
  return processIdentity(pid)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port, path: '/healthcheck', timeout: 2000, agent: false },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode === 200)
      },
    )
    asked.once('error', () => resolve(false))
    asked.once('timeout', () => asked.destroy())
    asked.end()
  })
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
