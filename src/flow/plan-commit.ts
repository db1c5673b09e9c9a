import { Buffer } from 'node:buffer'
import type { Change } from '../core/action/change.ts'
import { type CommitPlan, cleanMessage, type PlannedFile, parsePerson } from '../core/git/commit-plan.ts'
import { isZeroId } from '../core/git/ref-update.ts'
import type { StagedFile } from '../spool/spool.ts'
import type { CommitWays } from '../upstream/forge.ts'

/**
 * The one commit that a change makes, by its fields, and for uploaded files by what is kept of them: that is what is signed, and
 * what it is built from again when it is carried out. Throws for a change that was never bound.
 */
export function planCommit(change: Change, ways: CommitWays, staged: readonly StagedFile[]): CommitPlan {
  const said = saidIn(change)
  const person = parsePerson(said('author'))
  const time = Date.parse(said('time'))
  if (!person || Number.isNaN(time)) throw new Error('this change was not bound')
  return {
    parent: isZeroId(said('tip')) ? null : said('tip'),
    ...(change.verb === 'file.upload' ? uploads(change, staged) : edit(change, ways)),
    person,
    time,
    message: cleanMessage(ways.message(change)),
  }
}

/** Where an uploaded file goes, below a folder that may be the whole. */
export function pathOf(folder: string, { name }: Pick<StagedFile, 'name'>): string {
  return folder === '' ? name : `${folder}/${name}`
}

type Files = Pick<CommitPlan, 'removes' | 'puts'>

function uploads(change: Change, staged: readonly StagedFile[]): Files {
  const folder = saidIn(change)('path')
  const puts = staged.map(
    (one): PlannedFile => ({
      path: pathOf(folder, one),
      mode: '100644',
      id: one.blob,
      content: { file: one.file },
    }),
  )
  return { removes: [], puts }
}

function edit(change: Change, ways: CommitWays): Files {
  const said = saidIn(change)
  const [from, id] = [said('file'), said('new-blob')]
  if (id === '') return { removes: [from], puts: [] }
  const path = said('new-file') || said('path')
  const sent = change.fields.find(([key]) => key === 'content')?.[1] ?? ''
  const content = Buffer.from(ways.content(change, sent), 'utf8')
  return {
    removes: from === '' || from === path ? [] : [from],
    puts: [{ path, mode: said('mode') || '100644', id, content }],
  }
}

function saidIn({ stated }: Change): (key: string) => string {
  return (key) => stated.find((one) => one[0] === key)?.[1] ?? ''
}
