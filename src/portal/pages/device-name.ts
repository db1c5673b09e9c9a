import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'

const MAX = 60

/** A name for a device or the like, as people type it: trimmed, one line, at most 60 characters. Odd characters are shown marked, not refused. */
export function deviceName(text: string, what: 'device' | 'token' = 'device'): Result<string, Refusal> {
  const name = text.trim().normalize('NFC')
  const length = [...name].length
  if (length === 0)
    return err(refusal('bad-request', `A ${what} needs a name.`, 'Type one, like “blue key”.'))
  if (length > MAX)
    return err(
      refusal('bad-request', `The name of a ${what} has at most ${MAX} characters.`, 'Type a shorter one.'),
    )
  if (/[\u0000-\u001f\u007f]/.test(name) || !name.isWellFormed())
    return err(refusal('bad-request', `The name of a ${what} is one line of text.`, 'Type another one.'))
  return ok(name)
}
