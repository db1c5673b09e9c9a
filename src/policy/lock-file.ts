import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Hex } from '../core/crypto.ts'
import { PolicyError } from './sources.ts'

export const LOCK_FILE = 'policy.lock.json'

/** `Repo owner/name` or `Account name`, folded, to a numeric id: what names meant when they were first resolved. */
export type Lock = Map<string, string>

export interface LockFile {
  readonly lock: Lock
  /** Of the file's bytes, in hex; undefined when there is none. */
  readonly sha256: string | undefined
}

/** The names that `dir` keeps, none when it keeps none. Throws {@link PolicyError}. */
export function readLock(dir: string): LockFile {
  let read: unknown
  let sha256: string
  try {
    const bytes = readFileSync(join(dir, LOCK_FILE))
    sha256 = sha256Hex(bytes)
    read = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { lock: new Map(), sha256: undefined }
    throw new PolicyError(LOCK_FILE, 1, 'cannot be read', { cause: error })
  }
  if (read === null || typeof read !== 'object' || Array.isArray(read))
    throw new PolicyError(LOCK_FILE, 1, 'not an object of names')
  const entries = Object.entries(read as { [name: string]: unknown }).map(([name, id]): [string, string] => {
    if (typeof id !== 'string' || !/^[1-9]\d*$/.test(id))
      throw new PolicyError(LOCK_FILE, 1, `"${name}" has no numeric id`)
    return [name, id]
  })
  return { lock: new Map(entries), sha256 }
}

/** On disk whole or not at all. Gives the SHA-256 of what was written, in hex; throws {@link PolicyError}. */
export function writeLock(dir: string, lock: Lock): string {
  const sorted = Object.fromEntries([...lock].sort(([a], [b]) => (a < b ? -1 : 1)))
  const text = `${JSON.stringify(sorted, null, 2)}\n`
  try {
    writeFileSync(join(dir, `${LOCK_FILE}.new`), text, { flush: true })
    renameSync(join(dir, `${LOCK_FILE}.new`), join(dir, LOCK_FILE))
    return sha256Hex(text)
  } catch (error) {
    throw new PolicyError(LOCK_FILE, 1, 'cannot be written', { cause: error })
  }
}
