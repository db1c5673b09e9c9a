import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

export interface GitResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Run a program to its end. */
export function run(
  argv: readonly string[],
  options: { cwd?: string; env?: Record<string, string | undefined>; input?: string | Buffer } = {},
): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const env = Object.fromEntries(
      Object.entries({ ...process.env, ...options.env }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>
    const child = spawn(argv[0]!, argv.slice(1), { cwd: options.cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
    child.on('error', reject)
    child.stdin.on('error', () => {})
    child.stdin.end(options.input)
    child.on('close', (code) =>
      resolve({
        code: code ?? 1,
        stdout: Buffer.concat(out).toString('utf8'),
        stderr: Buffer.concat(errors).toString('utf8'),
      }),
    )
  })
}

/** Stock git as one person on one machine: own home, own agent, no prompt. */
export class Git {
  readonly home: string
  readonly env: Record<string, string | undefined>

  constructor(home: string, agentSocket: string | undefined) {
    mkdirSync(home, { recursive: true })
    this.home = home
    this.env = {
      HOME: home,
      XDG_CONFIG_HOME: undefined,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      SSH_AUTH_SOCK: agentSocket,
      LC_ALL: 'C',
    }
  }

  async git(cwd: string, ...args: readonly string[]): Promise<GitResult> {
    return run(['git', ...args], { cwd, env: this.env })
  }

  /** Run, and fail with what git said when it fails. */
  async ok(cwd: string, ...args: readonly string[]): Promise<string> {
    const result = await this.git(cwd, ...args)
    if (result.code !== 0) throw new Error(`git ${args.join(' ')}: ${result.stderr}`)
    return result.stdout.trim()
  }

  async configure(values: Record<string, string>): Promise<void> {
    for (const [key, value] of Object.entries({
      'user.name': 'Test',
      'user.email': 'test@example.com',
      'init.defaultBranch': 'main',
      ...values,
    })) {
      await this.ok(this.home, 'config', '--global', key, value)
    }
  }

  /** Commit `files` beside what is there. */
  async commit(cwd: string, message: string, write: (dir: string) => void): Promise<string> {
    write(cwd)
    await this.ok(cwd, 'add', '-A')
    await this.ok(cwd, 'commit', '-q', '-m', message)
    return this.ok(cwd, 'rev-parse', 'HEAD')
  }

  path(...parts: readonly string[]): string {
    return join(this.home, ...parts)
  }
}

/** A URL with credentials in it, for git alone. */
export function withPassword(url: string, user: string, password: string): string {
  const out = new URL(url)
  out.username = user
  out.password = password
  return out.href
}
