import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { randomBytes } from '../core/crypto.ts'

/** Make a directory that only this user can look into, or make one that is there so. */
export function privateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

/**
 * Replace a file's content in one step: readable by this user only, and durable on return. Written aside and renamed, so that
 * a crash leaves the whole old content or the whole new one. What an interrupted run left aside is not written into: it may
 * have another mode, or be a link. One process at a time writes a path; a second one fails. Throws as node:fs does.
 */
export function writePrivateFile(path: string, text: string): void {
  const aside = `${path}.new`
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  rmSync(aside, { force: true })
  const file = openSync(aside, 'wx', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(aside, path)
  syncDirectory(dirname(path))
}

/** A new name is on disk only with its directory (POSIX leaves it open; fsync(2) of Linux says so). */
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

/** The random secret of `bytes` bytes that is kept in `path`, in hex; made on first use. Throws, without showing it, on anything else. */
export function keptSecret(path: string, bytes: number): Buffer {
  if (!existsSync(path)) writePrivateFile(path, `${randomBytes(bytes).toString('hex')}\n`)
  const text = readFileSync(path, 'utf8')
  if (!new RegExp(`^[0-9a-f]{${2 * bytes}}\\n?$`).test(text))
    throw new Error(`${path} is not a secret of ${bytes} bytes in hex`)
  return Buffer.from(text.slice(0, 2 * bytes), 'hex')
}
