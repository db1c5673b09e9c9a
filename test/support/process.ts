import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

// What Linux says about a process in /proc: processor time and memory, as counters and never as clock time.

/** Processor time of every thread of `pid` so far, in milliseconds. */
export function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  // schedstat counts nanoseconds where utime and stime count ticks of 10 ms.
  const nanos = threads.map((thread) =>
    Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ', 1)[0]),
  )
  return nanos.reduce((sum, each) => sum + each, 0) / 1e6
}

/** Whether `pid` runs. A zombie does not: its parent has only not asked yet. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(read(`/proc/${pid}/status`))
  } catch {
    return false
  }
}

/** Resident memory of `pid` now, in MiB. */
export function rssMiB(pid: number): number {
  return statusMiB(pid, 'VmRSS')
}

/**
 * The highest resident memory of `pid` while `work` ran, in MiB. The kernel keeps the mark itself, so nothing between
 * two samples is missed; where it does not let the mark be reset, the answer is that of the whole life so far: an upper bound.
 */
export async function peakRssMiB(pid: number, work: () => Promise<unknown>): Promise<number> {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // Not this kernel's.
  }
  await work()
  return statusMiB(pid, 'VmHWM')
}

function statusMiB(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`))
  if (!found) throw new Error(`/proc/${pid}/status has no ${field}`)
  return Number(found[1]) / 1024
}

function read(path: string): string {
  return readFileSync(path, 'latin1')
}
