// Programs of the machine that the project runs on. Missing ones are installed where that is ours to do (root on
// Debian), and named where it is not. Never sudo.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Need {
  /** Programs, any of which will do. */
  readonly programs: readonly string[]
  readonly debianPackage: string
  /** An environment variable that names the program outright. */
  readonly override?: string
  /** Where it lies when not on PATH, as a pattern. */
  readonly beside?: string
}

export const GIT: Need = { programs: ['git'], debianPackage: 'git' }
export const GIT_LFS: Need = { programs: ['git-lfs'], debianPackage: 'git-lfs' }
export const OPENSSH: Need = { programs: ['ssh-keygen'], debianPackage: 'openssh-client' }
export const COMPILER: Need = { programs: ['cc', 'gcc', 'clang'], debianPackage: 'gcc' }
export const CHROMIUM: Need = {
  programs: ['chromium', 'chromium-browser', 'google-chrome'],
  debianPackage: 'chromium',
  override: 'CHROMIUM',
}
export const FIREFOX: Need = {
  programs: ['firefox-esr', 'firefox'],
  debianPackage: 'firefox-esr',
  override: 'FIREFOX',
}
export const POSTGRES: Need = {
  programs: ['postgres'],
  debianPackage: 'postgresql',
  override: 'POSTGRES',
  beside: '/usr/lib/postgresql/*/bin',
}
export const OPENSSL: Need = { programs: ['openssl'], debianPackage: 'openssl' }

/** The program's path, or undefined. */
export function find(need: Need): string | undefined {
  const named = need.override === undefined ? undefined : process.env[need.override]
  if (named) return named
  for (const program of need.programs) {
    for (const dir of [...(process.env['PATH'] ?? '').split(delimiter), ...beside(need)]) {
      const path = join(dir, program)
      try {
        accessSync(path, constants.X_OK)
        return path
      } catch {}
    }
  }
  return undefined
}

function beside({ beside: pattern }: Need): string[] {
  return pattern === undefined ? [] : globSync(pattern).sort().reverse()
}

/** Install what is missing, or end the process with the list of it. Prints to standard error only. */
export function provide(needs: readonly Need[]): void {
  let missing = needs.filter((need) => find(need) === undefined)
  if (missing.length === 0) return
  const names = missing.map(({ debianPackage }) => debianPackage)
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    process.stderr.write(`countersign: installing ${names.join(', ')} ...\n`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const quiet = { stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[], env }
    spawnSync('apt-get', ['update', '-qq'], quiet)
    spawnSync('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...names], quiet)
    missing = needs.filter((need) => find(need) === undefined)
    if (missing.length === 0) return
  }
  process.stderr.write(
    `countersign: please install ${missing.map(({ debianPackage, override }) => (override ? `${debianPackage} (or set ${override})` : debianPackage)).join(', ')}\n`,
  )
  process.exit(1)
}
