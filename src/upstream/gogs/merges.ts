import type { ChangeAnswer, ChangeRequest } from '../forge.ts'
import { sendChange } from './change.ts'
import type { Client } from './client.ts'
import type { GogsLine } from './lines.ts'

/** A merge is a clone of the repository and some steps in it, before Gogs answers. */
const PATIENCE_MS = 10 * 60_000

/** Send changes as {@link sendChange} does; merges one after the other, since Gogs makes them all in one folder. */
export function createChanges(
  client: Client,
): (user: string, request: ChangeRequest, line: Pick<GogsLine, 'csrf'>) => Promise<ChangeAnswer> {
  let last: Promise<unknown> = Promise.resolve()
  return (user, request, line) => {
    if (!/^\/[^/]+\/[^/]+\/pulls\/[0-9]+\/merge$/.test(request.path))
      return sendChange(client, user, request, line)
    const mine = last.then(() => sendChange(client, user, request, line, PATIENCE_MS))
    last = mine.catch(() => undefined)
    return mine
  }
}
