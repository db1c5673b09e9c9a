import type { Landing, RefLanding } from '../../core/git/landing.ts'
import type { RefUpdate } from '../../core/git/ref-update.ts'
import { clip } from '../display.ts'
import { html, type Markup, shown } from '../markup.ts'
import { commits, tag } from './hold-commits.ts'
import { diff, diffstat } from './hold-diff.ts'
import type { Look, Room } from './hold-look.ts'
import { count, refWords } from './hold-words.ts'

// What a push or a merge would do, as markup. Everything in it is other people's text.

/** What the page does not contain, and why. */
export function lacking(landing: Landing, look: Look | undefined): Markup {
  return html`${landing.missing.length > 0 ? html`<div class="note warn"><p>Not all of it could be worked out:</p><ul>${landing.missing.slice(0, 20).map((what) => html`<li>${shown(clip(what, 300))}</li>`)}</ul></div>` : null}
${look && look.lacks.length > 0 ? html`<div class="note warn">${look.lacks.map((what) => html`<p>${what}</p>`)}</div>` : null}`
}

/** What refs gain and lose: commits, files, and their text as far as it was fetched. */
export function changes(
  updates: readonly RefUpdate[],
  refs: readonly RefLanding[],
  look: Look | undefined,
  room: Room,
): Markup {
  let left = room.commits
  const take = ({ commits: all }: RefLanding['gains']): number => {
    const taken = Math.min(left, all.length)
    left -= taken
    return taken
  }
  const parts = refs.map((ref, i) => {
    const lost = commits(ref.loses, take(ref.loses))
    const gained = commits(ref.gains, take(ref.gains))
    const patch = look?.patches.get(i)
    const files =
      ref.files && (ref.files.total > 1 || (ref.files.total === 1 && !patch))
        ? diffstat(ref.files, room)
        : null
    if (!lost && !gained && !files && !patch && !ref.tag) return null
    return html`<section class="change" aria-labelledby="change-${String(i)}"><h2 id="change-${String(i)}">${shown(refWords(updates[i] ?? ref.update).name)}</h2>
${tag(ref)}
${lost ? html`<div class="lost"><h3>${total(ref.loses)} taken away</h3>${lost}</div>` : null}
${gained ? html`<div><h3>${total(ref.gains)}</h3>${gained}</div>` : null}
${files}
${patch ? diff(patch, room) : null}</section>`
  })
  const some = parts.filter((part) => part !== null)
  return some.length === 0
    ? html`<p class="soft">No commits and no files beyond what the repository has already.</p>`
    : html`${some}<p class="small soft">Names and times of commits are what the commits claim.</p>`
}

function total({ commits: all, total: n }: RefLanding['gains']): string {
  return n === null ? `${all.length} or more commits` : count(n, 'commit')
}
