import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { type ProcessIdentity, processIdentity } from './process-identity.ts'

const TERM_MS = 3000

/** Note which process is the forge of this home, so that the next start can end it if this one cannot. */
export function writePidFile(file: string, identity: ProcessIdentity): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(identity)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/**
 * End the forge that a killed gateway left behind, with the git processes it runs. Only when pid, start time and
 * command line are all those that were written down: a pid alone may be somebody else's by now.
 * Resolves to whether there was one.
 */
export async function endOrphan(file: string): Promise<boolean> {
  const noted = readPidFile(file)
  const found = noted !== undefined && isSame(noted)
  if (found) await endGroup(noted, TERM_MS)
  rmSync(file, { force: true })
  return found
}

/** TERM to the process group led by `leader`, KILL to what is left of it after `ms`. */
export async function endGroup(leader: ProcessIdentity, ms: number): Promise<void> {
  if (!isSame(leader)) return
  signal(leader.pid, 'SIGTERM')
  for (let waited = 0; waited < ms && isSame(leader); waited += 20) await wait(20)
  // What is left are the leader's git processes; the group's id stays taken as long as one of them lives.
  signal(leader.pid, 'SIGKILL')
  for (let waited = 0; waited < ms && isSame(leader); waited += 20) await wait(20)
}

function isSame(noted: ProcessIdentity): boolean {
  const now = processIdentity(noted.pid)
  return now !== undefined && now.started === noted.started && now.command === noted.command
}

function signal(group: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-group, name)
  } catch {
    // Nobody left.
  }
}

function readPidFile(file: string): ProcessIdentity | undefined {
  try {
    const { pid, started, command } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    const plausible =
      Number.isSafeInteger(pid) &&
      (pid as number) > 1 &&
      typeof started === 'string' &&
      typeof command === 'string'
    return plausible ? { pid: pid as number, started, command } : undefined
  } catch {
    return undefined
  }
}
