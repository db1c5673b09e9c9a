import { type FileHandle, open } from 'node:fs/promises'
import type { Refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ObjectFormat } from './git.ts'
import { Pace } from './pace.ts'
import { cutShort, diskFailed, gone, noPack, spoolFull, stalled } from './refusals.ts'
import type { Room, Share } from './room.ts'

// gitformat-pack: "PACK", version as four bytes (2 or 3), number of objects as four bytes, the objects, and a checksum over
// all of it as long as an id.

const HEADER = 12
const TRAILER: Record<ObjectFormat, number> = { sha1: 20, sha256: 32 }

export interface Receiving {
  readonly chunks: AsyncIterator<Buffer>
  readonly path: string
  readonly format: ObjectFormat
  readonly room: Room
  readonly share: Share
  readonly signal: AbortSignal
  readonly slowestBytesPerSecond: number
  readonly slowestWindowMs: number
}

/**
 * Take a pack to disk, one chunk at a time: the next one is asked for when the last one is written, so the client is held
 * back by our disk. Gives the bytes taken, zero when nothing came. What was written stays for the caller to remove.
 */
export async function receivePack(receiving: Receiving): Promise<Result<number, Refusal>> {
  const { path, room, share, signal, format } = receiving
  let file: FileHandle
  try {
    file = await open(path, 'wx', 0o600)
  } catch (error) {
    return err(wordsOf(error))
  }
  const pace = new Pace(receiving.slowestBytesPerSecond, receiving.slowestWindowMs)
  try {
    let total = 0
    let header = Buffer.alloc(0)
    for (;;) {
      const next = await within(receiving.chunks, pace, signal)
      if (next === 'stalled') return err(stalled())
      if (next === 'gone') return err(gone())
      if (next.done) break
      const chunk = next.value // from the client
      total += chunk.length
      pace.came(chunk.length)
      const refused = room.fits(total) ?? share.take(chunk.length)
      if (refused) return err(refused)
      if (header.length < HEADER) {
        header = Buffer.concat([header, chunk]).subarray(0, HEADER)
        if (!beginsPack(header)) return err(noPack())
      }
      await writeAll(file, chunk)
    }
    if (total > 0 && total < HEADER + TRAILER[format]) return err(cutShort())
    return ok(total)
  } catch (error) {
    return err(wordsOf(error))
  } finally {
    pace.stop()
    await file.close().catch(() => {})
  }
}

/** Whether these are the first bytes of a pack, as far as they go. */
function beginsPack(bytes: Buffer): boolean {
  const magic = Buffer.from('PACK\0\0\0')
  const known = Math.min(bytes.length, magic.length)
  if (!bytes.subarray(0, known).equals(magic.subarray(0, known))) return false
  return bytes.length <= magic.length || bytes[7] === 2 || bytes[7] === 3
}

type Next = IteratorResult<Buffer, unknown> | 'stalled' | 'gone'

/**
 * The next chunk, unless the client stalls or leaves first. The iterator is left as it is: whoever handed it over ends it,
 * since they may want to read on to be able to answer. A stream that breaks is a client that left.
 */
async function within(chunks: AsyncIterator<Buffer>, pace: Pace, signal: AbortSignal): Promise<Next> {
  if (signal.aborted) return 'gone'
  return new Promise((resolve) => {
    const settle = (next: Next): void => {
      signal.removeEventListener('abort', onAbort)
      resolve(next)
    }
    const onAbort = (): void => settle('gone')
    signal.addEventListener('abort', onAbort)
    pace.stalled = () => settle('stalled')
    chunks.next().then(settle, () => settle('gone'))
  })
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten
}

/** A full disk is no room; anything else that a disk does is our trouble. */
function wordsOf(error: unknown): Refusal {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOSPC' || code === 'EDQUOT' ? spoolFull() : diskFailed()
}
