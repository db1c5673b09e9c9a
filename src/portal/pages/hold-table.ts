import { setImmediate } from 'node:timers/promises'
import type { Hunk, PatchLine } from '../../core/git/landing.ts'
import { codeLine, LINE } from './hold-code.ts'

/** Rows between two pauses: drawing a large diff must not make everybody else wait. */
const PAUSE = 2000
const SIGN: { readonly [kind in PatchLine['kind']]: readonly [sign: string, row: string] } = {
  same: [' ', 'same'],
  added: ['+', 'add'],
  removed: ['−', 'del'],
  'no-newline': ['\\', 'none'],
}

/**
 * The changes of one file as the HTML of a table, on the way to a page as it is: made as text and not by the template, since a
 * page may have a hundred thousand rows. Only numbers, our own words and what {@link codeLine} escaped go in. Empty without
 * hunks.
 */
export async function drawTable(hunks: readonly Hunk[]): Promise<string> {
  if (hunks.length === 0) return ''
  const rows: string[] = []
  for (const { before, after, heading, lines } of hunks) {
    let old = Math.trunc(before.start)
    let now = Math.trunc(after.start)
    rows.push(
      `<tr class="hunk"><td colspan="4">@@ −${old},${Math.trunc(before.lines)} +${now},${Math.trunc(after.lines)} @@ ${codeLine(heading)}</td></tr>`,
    )
    for (const line of lines) {
      const left = line.kind === 'same' || line.kind === 'removed' ? old++ : ''
      const right = line.kind === 'same' || line.kind === 'added' ? now++ : ''
      rows.push(row(line, left, right))
      if (rows.length % PAUSE === 0) await setImmediate()
    }
  }
  return `<table class="diff" dir="ltr"><colgroup><col class="number"><col class="number"><col class="sign"><col></colgroup><tbody>${rows.join('')}</tbody></table>`
}

function row({ kind, text, cut }: PatchLine, left: number | '', right: number | ''): string {
  const [sign, look] = SIGN[kind]
  const words = kind === 'no-newline' ? 'no newline at the end of the file' : codeLine(text)
  const end = cut || text.length > LINE ? '<b class="cut">… cut</b>' : ''
  return `<tr class="${look}"><td>${left}</td><td>${right}</td><td>${sign}</td><td>${words}${end}</td></tr>`
}
