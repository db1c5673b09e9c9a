import { constants } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256Hex } from '../core/crypto.ts'
import { LOCK_FILE } from './lock-file.ts'
import { PolicyError, type Source } from './sources.ts'

/** SHA-256 in hex of each file's bytes, by name. */
export type Hashes = ReadonlyMap<string, string>

export interface PolicyFile extends Source {
  readonly sha256: string
}

const MAX_FILE = 1 << 20
const MAX_ALL = 8 << 20

/** The `.cedar` files of a directory, by name; none when there is no such directory. Rejects with {@link PolicyError}. */
export async function readPolicyFiles(dir: string): Promise<PolicyFile[]> {
  const files: PolicyFile[] = []
  let size = 0
  for (const file of (await namesIn(dir)) ?? []) {
    const bytes = await readBytes(dir, file)
    size += bytes.length
    if (size > MAX_ALL) throw new PolicyError(file, 1, 'with it the files are larger than 8 MiB together')
    files.push({ file, text: decode(file, bytes), sha256: sha256Hex(bytes) })
  }
  return files
}

/**
 * Whether a file speaks of visitors of whom nothing is known: asked before the forge starts, which takes it as a setting, and so
 * before any policy can be read with its names. A comment counts, too; what is shown is for policy to say.
 */
export async function mentionsVisitors(dir: string): Promise<boolean> {
  return (await readPolicyFiles(dir)).some(({ text }) => /\bAnonymous\b/.test(text))
}

/**
 * What the files and the lock say now, for comparing; a file that cannot be read counts as a content of its own. Rejects with
 * {@link PolicyError} when the directory cannot be read.
 */
export async function hashPolicyFiles(dir: string): Promise<Hashes> {
  const hashes = new Map<string, string>()
  for (const file of [...((await namesIn(dir)) ?? []), LOCK_FILE]) {
    const hash = await readBytes(dir, file).then(sha256Hex, (error: PolicyError) =>
      isMissing(error.cause) ? undefined : error.why,
    )
    if (hash !== undefined) hashes.set(file, hash)
  }
  return hashes
}

/** Which directory it is, and a text that differs whenever a file or the lock was written, renamed or taken away. */
export interface Stamp {
  /** Undefined when there is no directory. */
  readonly dir: bigint | undefined
  readonly files: string
}

/** Never rejects: what cannot be looked at has a stamp, too (of a directory 0). */
export async function stampPolicyFiles(dir: string): Promise<Stamp> {
  try {
    const names = await namesIn(dir)
    if (!names) return { dir: undefined, files: '' }
    const rows = await Promise.all([...names, LOCK_FILE].map((file) => rowOf(dir, file)))
    return { dir: (await stat(dir, { bigint: true })).ino, files: rows.join('\n') }
  } catch (error) {
    return { dir: 0n, files: String(error) }
  }
}

async function rowOf(dir: string, file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(join(dir, file), { bigint: true })
    return `${file} ${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch (error) {
    return `${file} ${(error as NodeJS.ErrnoException).code}`
  }
}

async function namesIn(dir: string): Promise<string[] | undefined> {
  try {
    return (await readdir(dir)).filter((file) => file.endsWith('.cedar')).sort()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new PolicyError(dir, 1, 'cannot be read', { cause: error })
  }
}

async function readBytes(dir: string, file: string): Promise<Uint8Array> {
  try {
    // Without waiting: a pipe by the name of a policy would never be opened.
    await using handle = await open(join(dir, file), constants.O_RDONLY | constants.O_NONBLOCK)
    const found = await handle.stat()
    if (!found.isFile()) throw new PolicyError(file, 1, 'cannot be read: not a file')
    if (found.size > MAX_FILE) throw new PolicyError(file, 1, 'larger than 1 MiB')
    return await handle.readFile()
  } catch (error) {
    if (error instanceof PolicyError) throw error
    throw new PolicyError(file, 1, 'cannot be read', { cause: error })
  }
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new PolicyError(file, 1, 'cannot be read as UTF-8 text', { cause: error })
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}
