import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUuid, sha256Hex } from '../core/crypto.ts'
import { blobId } from '../core/git/blob-id.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import type { Stage, StagedBy, StagedFile, StageLimits, StageOwner } from './spool.ts'

const MiB = 1 << 20
export const STAGE_LIMITS: StageLimits = {
  fileBytes: 16 * MiB,
  accountBytes: 64 * MiB,
  totalBytes: 512 * MiB,
  filesOfAccount: 50,
  life: 30 * 60_000,
}

const tooLarge = ({ fileBytes }: StageLimits): Refusal =>
  refusal(
    'too-large',
    `The file is larger than the ${fileBytes / MiB} MiB that one uploaded file may have.`,
    'Commit it with git, and push it.',
  )
const TOO_MANY = refusal(
  'rate-limited',
  'Too many of your uploaded files wait to be committed.',
  'Commit or remove them first.',
)
const NO_ROOM = refusal(
  'rate-limited',
  'There is no room left for uploaded files.',
  'Try again in some minutes.',
)
const BAD_NAME = refusal('bad-request', 'This is no name of a file.', 'Give the file another name.')

/** `dir`: a directory of its own, used by this process alone, and emptied first. */
export async function createStage(deps: {
  readonly dir: string
  readonly limits: StageLimits
}): Promise<Stage> {
  const { dir, limits } = deps
  await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const staged = new Map<string, { by: StagedBy; file: StagedFile; timer: NodeJS.Timeout }>()
  // Counted before anything is written, so that two files cannot both take the last room.
  const taken = new Map<string, { files: number; bytes: number }>()
  let total = 0

  function take(account: string, files: number, bytes: number): void {
    const mine = taken.get(account) ?? { files: 0, bytes: 0 }
    mine.files += files
    mine.bytes += bytes
    total += bytes
    if (mine.files === 0) taken.delete(account)
    else taken.set(account, mine)
  }

  async function drop(id: string): Promise<void> {
    const one = staged.get(id)
    if (!one) return
    staged.delete(id)
    clearTimeout(one.timer)
    take(one.by.account, -1, -one.file.size)
    await rm(one.file.file, { force: true, maxRetries: 3 })
  }

  function room(account: string, size: number): Refusal | undefined {
    const mine = taken.get(account) ?? { files: 0, bytes: 0 }
    if (size > limits.fileBytes) return tooLarge(limits)
    if (mine.files >= limits.filesOfAccount || mine.bytes + size > limits.accountBytes) return TOO_MANY
    return total + size > limits.totalBytes ? NO_ROOM : undefined
  }

  const mine = (owner: StageOwner, id: string): StagedFile | undefined => {
    const one = staged.get(id)
    return one?.by.account === owner.account && one.by.repo === owner.repo ? one.file : undefined
  }

  return {
    limits,
    async add(by, name, bytes) {
      if (!isFileName(name)) return err(BAD_NAME)
      const refused = room(by.account, bytes.length)
      if (refused) return err(refused)
      take(by.account, 1, bytes.length)
      const id = randomUuid()
      const path = join(dir, id)
      try {
        await writeFile(path, bytes, { mode: 0o600, flag: 'wx' })
      } catch {
        take(by.account, -1, -bytes.length)
        await rm(path, { force: true })
        return err(NO_ROOM)
      }
      const { length: size } = bytes
      const file = { id, name, size, blob: blobId(bytes), sha256: sha256Hex(bytes), file: path }
      const timer = setTimeout(() => void drop(id).catch(() => {}), limits.life)
      timer.unref()
      staged.set(id, { by, file, timer })
      return ok(file)
    },
    find: mine,
    remove: async (owner, id) => {
      if (mine(owner, id)) await drop(id)
    },
    end(ended) {
      for (const [id, { by }] of [...staged]) if (ended(by)) void drop(id).catch(() => {})
    },
    async close() {
      await Promise.allSettled([...staged.keys()].map(drop))
    },
  }
}

/** One part of a path, as git and file systems take it. What git thinks of it is asked when it is committed. */
function isFileName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    name.isWellFormed() &&
    Buffer.byteLength(name) <= 255 &&
    !/[\p{Cc}/\\]/u.test(name)
  )
}
