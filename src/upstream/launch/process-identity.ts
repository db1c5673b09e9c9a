import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What tells a process from a later one that was given the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque: clock ticks since boot on Linux, a date elsewhere. */
  readonly started: string
  /** The command line, arguments joined by one space. */
  readonly command: string
}

/** The process that has `pid` now, or undefined when there is none (a zombie is none). */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
}

/** proc(5): field 22 of stat is the start time; the name in field 2 may hold spaces and parentheses. */
function fromProc(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const state = fields[0]
    const started = fields[19]
    if (state === 'Z' || state === 'X' || started === undefined) return undefined
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean).join(' ')
    return { pid, started, command }
  } catch {
    return undefined
  }
}

function fromPs(pid: number): ProcessIdentity | undefined {
  const ask = (field: string): string =>
    execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    if (ask('stat').startsWith('Z')) return undefined
    return { pid, started: ask('lstart'), command: ask('args').replace(/\s+/g, ' ') }
  } catch {
    return undefined
  }
}
