import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface RunningGateway {
  readonly url: string
  readonly portal: string
  /** What SSH clone URLs begin with. */
  readonly ssh: string
  readonly sshHostKey: string
  readonly enroll: string | null
  readonly forge: string
  readonly sample: string
  /** Where nothing is enforced, in words; undefined while everything is. */
  readonly mode?: string
  readonly pid: number
  readonly home: string
  readonly child: ChildProcess
  /** What it wrote to standard error so far. */
  log(): string
  /** TERM, and wait for the end. */
  stop(): Promise<void>
  /** KILL, and wait for the end; the home stays. */
  kill(): Promise<void>
}

const root = join(import.meta.dirname, '..', '..')

/** A directory of this test run, removed at the end of the process. */
export function scratch(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `countersign-${name}-`))
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Start a gateway as a person would, on free ports. The stand-in unless `env` says otherwise. */
export async function startGateway(
  options: { home?: string; env?: Record<string, string>; args?: readonly string[] } = {},
): Promise<RunningGateway> {
  const home = options.home ?? scratch('home')
  const child = spawn(
    join(root, 'launch'),
    ['start', '--home', home, '--port', '0', '--json', ...(options.args ?? [])],
    {
      env: { ...process.env, COUNTERSIGN_LOG: 'info', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  process.once('exit', () => child.kill('SIGKILL'))
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const line = await new Promise<string>((resolve, reject) => {
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (out.includes('\n')) resolve(out)
    })
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}: ${errors}`)))
  })
  const ready = JSON.parse(line) as Pick<
    RunningGateway,
    'url' | 'portal' | 'ssh' | 'sshHostKey' | 'enroll' | 'forge' | 'sample' | 'pid'
  >
  return {
    ...ready,
    home,
    child,
    log: () => errors,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
