import { isZeroId } from '../core/git/ref-update.ts'
import type { Reader } from './reader.ts'

/** What an id comes to when annotated tags are followed. */
export interface Peeled {
  readonly id: string
  readonly type: string
  /** The id itself names an annotated tag. */
  readonly tag: boolean
}

/** Follow tags from each id; those that lead nowhere are left out. */
export async function peel(read: Reader, ids: readonly string[]): Promise<ReadonlyMap<string, Peeled>> {
  const asked = [...new Set(ids)].filter((id) => !isZeroId(id))
  const peeled = new Map<string, Peeled>()
  if (asked.length === 0) return peeled
  let text = ''
  await read.stream(
    ['cat-file', '--batch-check=%(objectname) %(objecttype)', '--buffer'],
    (chunk) => {
      text += chunk.toString('latin1')
      return true
    },
    asked.flatMap((id) => [id, `${id}^{}`]),
  )
  const lines = text.split('\n')
  for (const [i, asking] of asked.entries()) {
    const own = LINE.exec(lines[2 * i] ?? '')
    const end = LINE.exec(lines[2 * i + 1] ?? '')
    if (own && end) peeled.set(asking, { id: end[1]!, type: end[2]!, tag: own[2] === 'tag' })
  }
  return peeled
}

const LINE = /^([0-9a-f]{40}|[0-9a-f]{64}) (commit|tree|blob|tag)$/
