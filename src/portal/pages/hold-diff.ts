import { raw } from 'hono/html'
import type { FileChange, FileList, PatchFile } from '../../core/git/landing.ts'
import { clip, visible } from '../display.ts'
import { html, type Markup, shown } from '../markup.ts'
import type { Room, ShownPatch } from './hold-look.ts'
import { count } from './hold-words.ts'

const PATH = 500
const STATUS: { readonly [status in FileChange['status']]: readonly [letter: string, word: string] } = {
  added: ['A', 'added'],
  modified: ['M', 'modified'],
  deleted: ['D', 'deleted'],
  renamed: ['R', 'renamed'],
  copied: ['C', 'copied'],
  'type-changed': ['T', 'of another kind'],
}

/** Which files changed, and by how much. */
export function diffstat(files: FileList, room: Room): Markup {
  const listed = files.files.slice(0, room.files)
  const left = files.total - listed.length
  return html`<details class="stat"${files.files.length <= 12 ? raw(' open') : null}><summary>${count(files.total, 'file')} changed, ${lines(files.added, files.removed)}</summary>
<ul class="files">${listed.map((change) => html`<li>${letter(change)}<span class="path">${path(change)}</span>${change.added === null ? html`<span class="badge">binary</span>` : lines(change.added, change.removed ?? 0)}</li>`)}</ul>
${left > 0 ? html`<p class="small soft">and ${count(left, 'more file')}</p>` : null}</details>`
}

/** The text of the changes, file by file. Lines wrap: what stands far to the right is seen as well. */
export function diff(patch: ShownPatch, room: Room): Markup {
  const { files, left, cut } = patch
  const unseen = left.slice(0, room.files)
  return html`${files.map(({ file, table }) => fileBox(file, table))}
${left.length > 0 ? html`<p class="note warn">${count(left.length, 'more file')} ${left.length === 1 ? 'does' : 'do'} not fit on this page: ${unseen.map(({ change }, i) => html`${i === 0 ? null : ', '}<code>${shown(clip(change.path, PATH))}</code>`)}${left.length > unseen.length ? ' …' : null}</p>` : null}
${cut ? html`<p class="note warn">The changes go on; this is not all of them.</p>` : null}`
}

function fileBox({ change }: PatchFile, table: string): Markup {
  return html`<details class="file" open><summary>${letter(change)}<span class="path">${path(change)}</span>${modes(change)}${change.added === null ? html`<span class="badge bad">binary, its content is not shown</span>` : lines(change.added, change.removed ?? 0)}</summary>
${raw(table)}</details>`
}

function letter({ status }: FileChange): Markup {
  const [short, word] = STATUS[status]
  return html`<span class="status ${status}" title="${word}">${short}</span>`
}

function path({ path: now, from }: FileChange): Markup {
  return from === null || from === now
    ? shown(clip(now, PATH))
    : html`${shown(clip(from, PATH))} → ${shown(clip(now, PATH))}`
}

/** Modes that say more than "a file": they are where a small diff does much. */
function modes({ modes: [before, after], status }: FileChange): Markup | null {
  const kind = (mode: string): string | undefined =>
    ({ '120000': 'symbolic link', '160000': 'submodule', '100755': 'executable' })[mode]
  const now = kind(after)
  if (now !== undefined && before !== after) return html`<span class="badge bad">${now}</span>`
  if (status !== 'deleted' && before !== after && !/^0+$/.test(before))
    return html`<span class="badge">${visible(clip(before, 6))} → ${visible(clip(after, 6))}</span>`
  return now === undefined ? null : html`<span class="badge">${now}</span>`
}

export function lines(added: number, removed: number): Markup {
  return html`<span class="lines"><span class="add">+${added.toLocaleString('en')}</span> <span class="del">−${removed.toLocaleString('en')}</span></span>`
}
