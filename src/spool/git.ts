import { type ChildProcess, spawn } from 'node:child_process'
import { delimiter } from 'node:path'

// The one place that runs git on what other people sent. Its environment is built from nothing: no user or system
// configuration, no hooks, no replacements, no prompts, no GIT_* of whoever started the gateway. Its shell is a fixed line
// that sets limits of the operating system; arguments are handed to it as such and are never part of that line.

/** What one process may take. */
export interface GitBounds {
  /** Address space, in bytes. */
  readonly memory: number
  /** Processor time. */
  readonly seconds: number
  /** The largest file that it may write, in bytes. */
  readonly file: number
}

/** The largest file for a git that has nothing to write. */
export const NO_FILES = 1 << 20

export interface GitRun {
  readonly args: readonly string[]
  /** The repository, as GIT_DIR. */
  readonly repository: string
  readonly bounds: GitBounds
  readonly signal: AbortSignal
  /** What it reads: an open file from its position on, or bytes. */
  readonly stdin?: number | Buffer
  /** Read no attributes from any tree: git that would is told to read them from the empty one. */
  readonly attributes?: ObjectFormat
  /** Configuration that must not be seen in the list of processes. */
  readonly secrets?: readonly (readonly [key: string, value: string])[]
  /** Each part of the output. `false`: that was enough, end it. */
  readonly output?: (chunk: Buffer) => boolean | undefined
}

export interface GitEnd {
  /**
   * `exit`: it came to its own end. `killed`: by the operating system, for a limit. `enough`: its reader had enough.
   * `aborted`: the signal. `failed`: it could not be started.
   */
  readonly by: 'exit' | 'killed' | 'enough' | 'aborted' | 'failed'
  readonly code: number | null
  /** The last 2 KiB of what it complained about: other people's bytes, for the log alone. */
  readonly stderr: string
}

export interface Git {
  /** Run to the end; never rejects, and resolves only when the process is gone. */
  run(run: GitRun): Promise<GitEnd>
}

/** Kept of the gateway's own environment: where programs are, and whom TLS trusts. */
const KEPT = ['PATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR'] as const

/** git knows the empty tree of either format without having it. */
export const EMPTY_TREE = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
} as const
export type ObjectFormat = keyof typeof EMPTY_TREE

/** Memory: whole objects above 16 MiB are streamed and count as binary; caches and windows stay small. */
const CONFIG = [
  'core.bigFileThreshold=16m',
  'core.deltaBaseCacheLimit=16m',
  'core.packedGitLimit=256m',
  'core.packedGitWindowSize=16m',
  'core.attributesFile=/dev/null',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=true',
  'pack.threads=1',
  'gc.auto=0',
  'maintenance.auto=false',
] as const

/**
 * Positional: address space in KiB, processor seconds, file size in blocks of 512 bytes, then the command. A limit that
 * the system does not know is a failure, not a shrug.
 */
const LIMITED =
  'ulimit -c 0 && ulimit -v "$1" && ulimit -t "$2" && ulimit -f "$3" && shift 3 || exit 126; exec "$@"'

const STDERR_KEPT = 2048

/** `git`: the program; `home`: an empty directory that stands for the home of whoever runs it. */
export function createGit(git: string, home: string): Git {
  const base: Record<string, string> = {
    HOME: home,
    XDG_CONFIG_HOME: home,
    LC_ALL: 'C',
    TZ: 'UTC',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
  }
  for (const name of KEPT) {
    const value = process.env[name]
    if (value !== undefined) base[name] = value
  }
  base['PATH'] ??= ['/usr/local/bin', '/usr/bin', '/bin'].join(delimiter)

  return {
    run: (run) =>
      new Promise((resolve) => {
        if (run.signal.aborted) return resolve({ by: 'aborted', code: null, stderr: '' })
        const env: Record<string, string> = { ...base, GIT_DIR: run.repository }
        if (run.attributes) env['GIT_ATTR_SOURCE'] = EMPTY_TREE[run.attributes]
        const secrets = run.secrets ?? []
        env['GIT_CONFIG_COUNT'] = String(secrets.length)
        for (const [i, [key, value]] of secrets.entries()) {
          env[`GIT_CONFIG_KEY_${i}`] = key
          env[`GIT_CONFIG_VALUE_${i}`] = value
        }
        const { bounds } = run
        const limits = [bounds.memory / 1024, bounds.seconds, bounds.file / 512].map((limit) =>
          String(Math.ceil(limit)),
        )
        // Elsewhere a process has no limit of address space that the system would keep.
        if (process.platform !== 'linux') limits[0] = 'unlimited'
        const child = spawn(
          '/bin/sh',
          ['-c', LIMITED, 'sh', ...limits, git, ...CONFIG.flatMap((line) => ['-c', line]), ...run.args],
          {
            cwd: run.repository,
            env,
            // A group of its own, so that one signal ends git and what git started.
            detached: true,
            stdio: [stdinOf(run.stdin), run.output ? 'pipe' : 'ignore', 'pipe'],
          },
        )
        let ended: 'enough' | 'aborted' | 'failed' | undefined
        const end = (by: 'enough' | 'aborted'): void => {
          ended ??= by
          killGroup(child)
        }
        const onAbort = (): void => end('aborted')
        run.signal.addEventListener('abort', onAbort, { once: true })
        let stderr = Buffer.alloc(0)
        child.stderr?.on('data', (chunk: Buffer) => {
          stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_KEPT)
        })
        child.stdout?.on('data', (chunk: Buffer) => {
          if (ended === undefined && run.output?.(chunk) === false) end('enough')
        })
        child.on('error', () => {
          ended ??= 'failed'
        })
        child.stdin?.on('error', () => {}) // it ended before it had read everything; its exit tells why
        if (Buffer.isBuffer(run.stdin)) child.stdin?.end(run.stdin)
        child.on('close', (code, signal) => {
          run.signal.removeEventListener('abort', onAbort)
          killGroup(child) // whatever it left running
          resolve({
            by: ended ?? (signal === null ? 'exit' : 'killed'),
            code,
            stderr: stderr.toString('utf8'),
          })
        })
      }),
  }
}

function stdinOf(stdin: number | Buffer | undefined): 'ignore' | 'pipe' | number {
  return stdin === undefined ? 'ignore' : typeof stdin === 'number' ? stdin : 'pipe'
}

/** By its own id, as the leader of its group. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // All of it is gone already.
  }
}
