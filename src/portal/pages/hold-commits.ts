import type { CommitList, CommitText, RefLanding, Signature, TagText } from '../../core/git/landing.ts'
import { clip } from '../display.ts'
import { html, type Markup, moment, shown } from '../markup.ts'
import { count } from './hold-words.ts'

const SUBJECT = 200
const MESSAGE = 4096
const NAME = 120
/** RFC 3339 has years of four digits. */
const YEAR_10000 = 253_402_300_800

/** The commits of one list: subject, who and when they say, the whole message on demand. `take` is how many the page has room for. */
export function commits({ commits: all, total }: CommitList, take: number): Markup | null {
  const listed = all.slice(0, take)
  const left = (total ?? all.length) - listed.length
  if (listed.length === 0 && left <= 0) return null
  if (listed.length === 0) return html`<p class="small soft">They are not listed here.</p>`
  return html`<ol class="commits">${listed.map(commit)}</ol>${left > 0 ? html`<p class="small soft">and ${count(left, 'more commit')}</p>` : null}${total === null ? html`<p class="small soft">They could not all be counted.</p>` : null}`
}

/** An annotated tag says who made it and what for. */
export function tag({ tag: text }: RefLanding): Markup | null {
  if (!text) return null
  return html`<div class="tagged stack tight"><p>Annotated tag <strong>${shown(clip(text.name, NAME))}</strong> of <code>${shown(text.target.slice(0, 10))}</code>${text.tagger ? html`, ${by(text.tagger)}` : null}</p>${message(text)}</div>`
}

function commit(text: CommitText): Markup {
  const { id, parents, author, committer } = text
  const [subject = '', ...rest] = text.message.split('\n')
  const more = rest.some((line) => line.trim() !== '') || subject.length > SUBJECT || text.messageCut
  const title = html`<span class="subject">${subject.trim() === '' ? html`<em>no subject</em>` : shown(clip(subject, SUBJECT))}</span>`
  const another = committer.email !== author.email || committer.name !== author.name
  return html`<li>${more ? html`<details><summary>${title}</summary>${message(text)}</details>` : title}
<p class="meta"><code>${shown(id.slice(0, 10))}</code>${parents.length > 1 ? html`<span class="badge">merge of ${String(parents.length)}</span>` : null}<span>${by(author)}</span>${another ? html`<span>committed by ${shown(clip(committer.name, NAME))}</span>` : null}</p></li>`
}

function message({ message: text, messageCut }: Pick<TagText, 'message' | 'messageCut'>): Markup {
  const cut = messageCut || text.length > MESSAGE
  const said = text.slice(0, MESSAGE).replace(/\n+$/, '')
  return html`<div class="message">${said.split('\n').map((line) => html`${shown(line)}\n`)}${cut ? html`<b class="cut">… cut</b>` : null}</div>`
}

function by({ name, email, time }: Signature): Markup {
  return html`${shown(clip(name, NAME))} <span class="soft">&lt;${shown(clip(email, NAME))}&gt;</span>, ${claimed(time)}`
}

/** A commit may claim any time. */
function claimed(seconds: number): Markup {
  return Number.isFinite(seconds) && seconds >= 0 && seconds < YEAR_10000
    ? moment(seconds * 1000)
    : html`a time that no calendar has`
}
