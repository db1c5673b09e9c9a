import type { IncomingMessage } from 'node:http'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { collect } from './collect.ts'
import { LFS_JSON } from './lfs-answer.ts'

const BROKEN_OFF = refusal('bad-request', 'The request broke off.')
const NOT_JSON = refusal('bad-request', `Send this as ${LFS_JSON}, plain.`)

/** A JSON body of at most `limit` bytes, as it came. What is too long is not read to its end. */
export async function readLfsJson(req: IncomingMessage, limit: number): Promise<Result<Buffer, Refusal>> {
  const type = (req.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (type !== LFS_JSON || req.headers['content-encoding'] !== undefined) return err(NOT_JSON)
  const tooLarge = refusal('too-large', `The request is larger than ${limit >> 10} KiB.`)
  if (Number(req.headers['content-length'] ?? 0) > limit) return err(tooLarge)
  try {
    // Who is told that it was too long shall hear it: the rest of the body does not end with the reading.
    const body = await collect(req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>, limit)
    return body ? ok(body) : err(tooLarge)
  } catch {
    return err(BROKEN_OFF)
  }
}
