import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { ObjectFormat } from './git.ts'

/**
 * Make an empty bare repository at `path`, by hand: the few files that git asks for and nothing of a template. No hooks,
 * no `info/attributes`, no grafts.
 */
export async function makeBare(path: string, format: ObjectFormat): Promise<void> {
  await mkdir(join(path, 'objects', 'info'), { recursive: true, mode: 0o700 })
  await mkdir(join(path, 'objects', 'pack'), { mode: 0o700 })
  await mkdir(join(path, 'refs'), { mode: 0o700 })
  await writeFile(join(path, 'HEAD'), 'ref: refs/heads/none\n', { mode: 0o600 })
  const extension = format === 'sha1' ? '' : `[extensions]\n\tobjectFormat = ${format}\n`
  const version = format === 'sha1' ? 0 : 1
  await writeFile(
    join(path, 'config'),
    `[core]\n\trepositoryFormatVersion = ${version}\n\tbare = true\n\tlogAllRefUpdates = false\n${extension}`,
    { mode: 0o600 },
  )
}

/** Where one push waits: a bare repository that borrows the objects of a mirror, and beside it the raw bytes as they come. */
export interface Quarantine {
  readonly path: string
  readonly repository: string
  readonly raw: string
  /** Borrow the objects of this repository, or of several, or of none. */
  borrow(...mirrors: readonly (string | null)[]): Promise<void>
  remove(): Promise<void>
}

/** `parent`: the directory of all quarantines. The name below it is random and only its owner may enter. */
export async function makeQuarantine(parent: string, format: ObjectFormat): Promise<Quarantine> {
  const path = await mkdtemp(join(parent, 'p-'))
  const repository = join(path, 'repository.git')
  await makeBare(repository, format)
  const objects = join(repository, 'objects')
  const alternates = join(objects, 'info', 'alternates')
  return {
    path,
    repository,
    raw: join(path, 'raw'),
    // Relative to the object directory, so that no character of the spool's own path can mean something in this file.
    borrow: (...mirrors) => {
      const lines = mirrors
        .filter((mirror) => mirror !== null)
        .map((mirror) => `${relative(objects, join(mirror, 'objects'))}\n`)
      return lines.length === 0
        ? rm(alternates, { force: true })
        : writeFile(alternates, lines.join(''), { mode: 0o600 })
    },
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  }
}
