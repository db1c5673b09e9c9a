import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PolicyError } from './sources.ts'

const FILE = 'policy.lock.json'

/** `Repo owner/name` or `Account name`, folded, to a numeric id: what names meant when they were first resolved. */
export type Lock = Map<string, string>

export function readLock(dir: string): Lock {
  let read: unknown
  try {
    read = JSON.parse(readFileSync(join(dir, FILE), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw new PolicyError(FILE, 1, 'cannot be read', { cause: error })
  }
  if (read === null || typeof read !== 'object' || Array.isArray(read))
    throw new PolicyError(FILE, 1, 'not an object of names')
  const entries = Object.entries(read as { [name: string]: unknown }).map(([name, id]): [string, string] => {
    if (typeof id !== 'string' || !/^[1-9]\d*$/.test(id))
      throw new PolicyError(FILE, 1, `"${name}" has no numeric id`)
    return [name, id]
  })
  return new Map(entries)
}

/** On disk whole or not at all. */
export function writeLock(dir: string, lock: Lock): void {
  const sorted = Object.fromEntries([...lock].sort(([a], [b]) => (a < b ? -1 : 1)))
  try {
    writeFileSync(join(dir, `${FILE}.new`), `${JSON.stringify(sorted, null, 2)}\n`, { flush: true })
    renameSync(join(dir, `${FILE}.new`), join(dir, FILE))
  } catch (error) {
    throw new PolicyError(FILE, 1, 'cannot be written', { cause: error })
  }
}
