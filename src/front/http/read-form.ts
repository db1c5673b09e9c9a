import type { IncomingMessage } from 'node:http'
import { type Form, parseForm } from '../../core/action/form.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, type Result } from '../../core/result.ts'

/** Longest form of a change, bytes. */
const MAX_FORM = 1 << 20
const URLENCODED = /^application\/x-www-form-urlencoded(?:;[ ]?charset=utf-8)?$/i

const TOO_LARGE = refusal('too-large', 'The form is larger than 1 MiB.')
const NO_FORM = refusal('bad-request', 'This change is sent as a form.', 'Use the form on the page.')

/** The fields of a change's form: a body of known kind and size, read whole before anything is made of it. */
export async function readForm(req: IncomingMessage): Promise<Result<Form, Refusal>> {
  const length = Number(req.headers['content-length'] ?? 0)
  if (length > MAX_FORM) return err(TOO_LARGE)
  if (req.headers['content-encoding'] !== undefined || !URLENCODED.test(req.headers['content-type'] ?? ''))
    return err(NO_FORM)
  const parts: Buffer[] = []
  let size = 0
  // Whoever is refused half way reads on what still comes, so that the client hears the answer.
  const body: AsyncIterable<Buffer> = req.iterator({ destroyOnReturn: false })
  for await (const part of body) {
    size += part.length
    if (size > MAX_FORM) return err(TOO_LARGE)
    parts.push(part)
  }
  const form = parseForm(Buffer.concat(parts))
  return form.ok ? form : err(NO_FORM)
}
