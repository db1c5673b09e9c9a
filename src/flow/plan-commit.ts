import { Buffer } from 'node:buffer'
import type { Change } from '../core/action/change.ts'
import { type CommitPlan, cleanMessage, type PlannedFile, parsePerson } from '../core/git/commit-plan.ts'
import { isZeroId } from '../core/git/ref-update.ts'
import type { CommitWays } from '../upstream/forge.ts'

/**
 * The one commit that a change makes, by its fields alone: they are what is signed, and what it is built from again when it is
 * carried out. Throws for a change that was never bound.
 */
export function planCommit(change: Change, ways: CommitWays): CommitPlan {
  const said = (key: string): string => change.stated.findLast((one) => one[0] === key)?.[1] ?? ''
  const content = change.fields.find(([key]) => key === 'content')?.[1] ?? ''
  const [from, to, tip] = [said('file'), said('new-file') || said('path'), said('tip')]
  const person = parsePerson(said('author'))
  const time = Date.parse(said('time'))
  if (!person || Number.isNaN(time)) throw new Error('this change was not bound')
  const puts: PlannedFile[] =
    said('new-blob') === ''
      ? []
      : [
          {
            path: to,
            mode: said('mode') || '100644',
            id: said('new-blob'),
            content: Buffer.from(ways.content(change, content), 'utf8'),
          },
        ]
  return {
    parent: isZeroId(tip) ? null : tip,
    removes: from !== '' && puts.every(({ path }) => path !== from) ? [from] : [],
    puts,
    person,
    time,
    message: cleanMessage(ways.message(change)),
  }
}
