import { randomFillSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Git } from './git.ts'

const FILE = 256 * 1024
const FILES_PER_MIB = 4

/**
 * A repository on `main` with one commit of `mib` MiB that no compression makes smaller, and that git does not try to:
 * its own work would hide what the way through the gateway costs.
 */
export async function repositoryOf(git: Git, name: string, mib: number): Promise<string> {
  const dir = git.path(name)
  mkdirSync(dir, { recursive: true })
  await git.ok(dir, 'init', '-q')
  await git.ok(dir, 'config', 'core.compression', '0')
  await git.ok(dir, 'config', 'pack.window', '0')
  await commitOf(git, dir, mib)
  return dir
}

/** Another commit of `mib` MiB of random bytes, in many files: git keeps what it receives as a pack then. */
export async function commitOf(git: Git, dir: string, mib: number): Promise<string> {
  return git.commit(dir, `${mib} MiB`, () => {
    const bytes = Buffer.alloc(FILE)
    for (let i = 0; i < mib * FILES_PER_MIB; i++) writeFileSync(join(dir, `blob-${i}`), randomFillSync(bytes))
  })
}
