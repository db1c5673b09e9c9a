import { randomFillSync } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Git } from './git.ts'

const MIB = 1024 * 1024
const FILE_MIB = 8

/**
 * A repository on `main` with one commit of `mib` MiB that no compression makes smaller, and that git does not try to:
 * its own work would hide what the way through the gateway costs.
 */
export async function repositoryOf(git: Git, name: string, mib: number): Promise<string> {
  const dir = git.path(name)
  mkdirSync(dir, { recursive: true })
  await git.ok(dir, 'init', '-q')
  await git.ok(dir, 'config', 'core.compression', '0')
  await git.ok(dir, 'config', 'core.bigFileThreshold', '1m')
  await commitOf(git, dir, mib)
  return dir
}

/** Another commit of `mib` MiB of random bytes. */
export async function commitOf(git: Git, dir: string, mib: number): Promise<string> {
  return git.commit(dir, `${mib} MiB`, () => {
    const block = Buffer.alloc(MIB)
    for (let left = mib, file = 0; left > 0; left -= FILE_MIB, file++) {
      const out = openSync(join(dir, `blob-${file}`), 'w')
      for (let i = 0; i < Math.min(left, FILE_MIB); i++) writeSync(out, randomFillSync(block))
      closeSync(out)
    }
  })
}
