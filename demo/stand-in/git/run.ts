import { spawn } from 'node:child_process'

const SAFE = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
}

/** The environment of every git here: none of the caller's GIT_* and nobody's configuration. */
export function gitEnv(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8', ...SAFE, ...extra }
}

export interface GitResult {
  readonly ok: boolean
  readonly out: Buffer
}

/** Run git in a repository. Arguments that come from a request stand behind `--` or are full ref names. */
export function git(
  dir: string,
  args: readonly string[],
  input: string | Buffer = '',
  extra: Record<string, string> = {},
): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...args], { cwd: dir, env: gitEnv(extra), stdio: ['pipe', 'pipe', 'ignore'] })
    const parts: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => parts.push(part))
    child.once('error', reject)
    child.once('close', (code) => resolve({ ok: code === 0, out: Buffer.concat(parts) }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

/** The one line git prints; rejects when it fails. */
export async function gitLine(
  dir: string,
  args: readonly string[],
  input: string | Buffer = '',
  extra: Record<string, string> = {},
): Promise<string> {
  const { ok, out } = await git(dir, args, input, extra)
  if (!ok) throw new Error(`git ${args[0]} failed`)
  return out.toString().trim()
}
