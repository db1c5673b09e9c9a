import type { IncomingMessage } from 'node:http'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type JsonObject, parseStrictJson } from '../../core/strict-json.ts'
import { collect } from './collect.ts'

/** Longest body, bytes: a comment of the forge has no other limit. */
const MAX_BODY = 1 << 20
/** A body of that size does not take longer, ms. */
const PATIENCE = 30_000
const JSON_TYPE = /^application\/json(?:;[ ]?charset=utf-8)?$/i

const TOO_LARGE = refusal('too-large', 'The body is larger than 1 MiB.')
const NO_JSON = refusal(
  'bad-request',
  'The body is not one JSON object that every program reads alike.',
  'Send application/json, plain, no member twice, whole numbers only.',
)
const TOO_SLOW = refusal('bad-request', 'The body did not come within half a minute.', 'Send it again.')

/** A body of the programming interface, read whole before anything is made of it. `patience` in ms. */
export async function readJson(
  req: IncomingMessage,
  patience = PATIENCE,
): Promise<Result<JsonObject, Refusal>> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_BODY) return err(TOO_LARGE)
  if (req.headers['content-encoding'] !== undefined || !JSON_TYPE.test(req.headers['content-type'] ?? ''))
    return err(NO_JSON)
  // Whoever is refused half way reads on what still comes, so that the client hears the answer.
  const whole = collect(req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>, MAX_BODY).then(
    (body) => (body ? parseStrictJson(body) : TOO_LARGE),
    () => NO_JSON, // it broke off
  )
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Refusal>((resolve) => {
    timer = setTimeout(resolve, patience, TOO_SLOW)
  })
  const read = await Promise.race([whole, late])
  clearTimeout(timer)
  if ('reason' in read) return err(read)
  return read.ok ? ok(read.value) : err(NO_JSON)
}
