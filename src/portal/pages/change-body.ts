import type { Change } from '../../core/action/change.ts'
import type { Field } from '../../core/action/field.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Result } from '../../core/result.ts'
import type { ParkedChange, ParkedState } from '../../hold/parked-changes.ts'
import { sameNetwork } from '../../hold/same-network.ts'
import { clip, visible } from '../display.ts'
import { html, type Markup, moment, shown } from '../markup.ts'
import { me, type OwnVisit } from '../visit.ts'
import { CHANGE_TELLING, consequence, fieldWords, isCritical, placeOf, wayBack } from './change-words.ts'
import { unique } from './hold.ts'
import { count } from './hold-words.ts'
import { type MergeShown, mergeSection } from './merge-look.ts'
import { others, waitingFor } from './waiting-for.ts'

// The page of one parked change, as markup. Sentence and fields are what somebody sent: other people's text.

/** Longer values fold. */
const SHORT = 200
/** A text of no more lines lies open: it is what the person came to change. */
const OPEN_LINES = 40
/** Characters of a long text that the page has room for. */
const TEXT_AT_MOST = 64 * 1024
/** A heading of more characters is set smaller. */
const LONG_TITLE = 60

/** `version` is that of everything that waits: the script fetches the page again when it is another. */
export function changeBody(
  visit: OwnVisit,
  one: ParkedChange,
  version: string,
  merge?: Result<MergeShown, Refusal>,
): Markup {
  const { change, state, said, expiresAt } = one
  const { title, say, look, over } = CHANGE_TELLING[state]
  const waits = state === 'waiting'
  const open = waits || state === 'signed'
  const critical = isCritical(change)
  const sentence = clip(change.sentence, 600)
  const left = Math.max(0, Math.round((expiresAt - visit.now) / 1000))
  return html`<p class="hear" role="status" id="heard"></p>
<div id="change" class="hold" data-version="${version}"${state === 'approved' ? html` data-soon` : null}${over ? null : html` data-live`}>
<div class="head ${look}"><p class="eyebrow">A change of the forge${waits ? html`, waiting for your touch` : state === 'signed' ? html`, waiting for others` : null}${open ? html`<span class="clock">waits until ${moment(expiresAt)}<span class="left" data-left="${left}"></span></span>` : null}</p>
<h1 tabindex="-1" id="title"${sentence.length > LONG_TITLE && title === null ? html` class="long"` : null}>${title ?? shown(sentence)}</h1>
<p class="lede">${waits && one.people > 0 ? `Nothing changes until you confirm it, and ${others(one.people)} ${one.people === 1 ? 'countersigns' : 'countersign'} it.` : say}${said === null || said === '' ? null : html` <span class="said">${shown(clip(said, 600))}</span>`}</p></div>
${title === null ? null : html`<p class="what"><strong>${shown(sentence)}</strong></p>`}
${critical && !over ? html`<div class="note bad"><p><strong>Look twice.</strong> ${consequence(change.verb)}</p></div>` : null}
${about(visit, one)}
${state === 'signed' ? waitingFor(visit, one.ask) : null}
${merge ? mergeSection(`/c/${one.id}`, merge) : null}
${fields(one.change, SENT[state])}
${state === 'signed' ? html`<div class="answer"><div class="row"><p>Signed. It goes on by itself when others have countersigned.</p><button form="drop" class="drop">Withdraw it</button></div>${dropForm(one)}</div>` : null}
${waits ? answer(one, critical) : over ? html`<p class="row"><a class="button main" href="${visit.deps.forgeOrigin}${wayBack(one)}">Back to the forge</a><a class="button" href="/pending">All that waits</a></p>` : null}
</div>`
}

function about(visit: OwnVisit, { change, resource, client, program, createdAt, why }: ParkedChange): Markup {
  const place = placeOf(resource, change)
  const elsewhere = !sameNetwork(visit.address, client.address)
  return html`<dl class="facts about"><div><dt>${place.kind}</dt><dd><strong>${shown(place.name)}</strong></dd></div><div><dt>By</dt><dd>${shown(me(visit).name)}</dd></div>${program === null ? null : html`<div><dt>Through</dt><dd>the token ${shown(program)}</dd></div>`}<div><dt>Sent from</dt><dd>${shown(clip(client.address, 80))}${elsewhere ? html` <span class="badge warn">another network than this browser</span>` : null}</dd></div><div><dt>At</dt><dd>${moment(createdAt)}</dd></div>${why === '' ? null : html`<div><dt>Asked for by</dt><dd>${shown(clip(why, 300))}</dd></div>`}<div><dt>Action</dt><dd><code>${change.verb}</code></dd></div></dl>`
}

const SENT: { readonly [state in ParkedState]: string } = {
  waiting: 'Everything that is sent, and signed',
  approved: 'Everything that is sent, as you signed it',
  signed: 'Everything that is sent, as you signed it',
  done: 'Everything that was sent, as you signed it',
  rejected: 'Everything that you signed',
  refused: 'Everything that was to be sent',
  expired: 'Everything that was to be sent',
  revoked: 'Everything that was to be sent',
}

/** Everything that a change says, row by row. */
export function fields(change: Change, heading: string): Markup | null {
  if (change.stated.length === 0) return null
  return html`<section class="card stack" aria-labelledby="sent"><h2 id="sent">${heading}</h2>
<table class="fields"><tbody>${change.stated.map((stated) => fieldRow(stated, change))}</tbody></table></section>`
}

function fieldRow([key, value]: Field, change: Change): Markup {
  const { label, digest, text } = fieldWords(key, change)
  return html`<tr><th scope="row">${shown(label)}</th><td class="value">${digest ? byDigest(value, text) : readable(value)}</td></tr>`
}

function byDigest(digest: string, text: string | undefined): Markup {
  if (text === undefined)
    return folded(
      html`<span class="soft">not shown; signed by its digest</span>`,
      html`<code>${digest}</code>`,
    )
  const rows = lines(text.slice(0, TEXT_AT_MOST))
  const cut = text.length > TEXT_AT_MOST
  const words = html`<span class="soft">${count(text.split('\n').length, 'line')}, signed by digest</span>`
  const all = [
    ...rows,
    ...(cut
      ? [
          html`<p class="note warn">The rest is too long to be shown here: ${count(text.length - TEXT_AT_MOST, 'more character')}.</p>`,
        ]
      : []),
    html`<p class="small soft">Digest <code>${digest}</code></p>`,
  ]
  return folded(words, all, rows.length <= OPEN_LINES)
}

/** All of it: what is signed is shown. Long texts fold, lines stay lines. */
function readable(value: string): Markup {
  if (value === '') return html`<span class="soft">empty</span>`
  if (value === 'yes' || value === 'no')
    return html`<span class="badge${value === 'yes' ? ' good' : ''}">${value}</span>`
  const rows = lines(value)
  if (rows.length === 1 && value.length <= SHORT) return shown(value)
  const size = rows.length === 1 ? `${value.length} characters` : `${rows.length} lines`
  const first = value.split('\n', 1)[0]!
  return folded(html`${shown(clip(first, 100))} <span class="soft">(${size})</span>`, rows)
}

/** Forms send the ends of lines as CR LF (HTML section 4.10.21.3), which is no odd character then. */
function lines(text: string): Markup[] {
  return text.split(/\r?\n/).map((line) => html`<span class="line">${shown(line)}</span>`)
}

function folded(summary: Markup, all: Markup | Markup[], open = false): Markup {
  return html`<details${open ? html` open` : null}><summary class="peek">${summary}</summary><div class="all">${all}</div></details>`
}

/** The last word: confirm with a touch, or drop it. */
function answer(one: ParkedChange, critical: boolean): Markup {
  const ways = unique(one.ways())
  const drop = html`<button form="drop" class="drop">Drop it</button>`
  if (ways.length === 0)
    return html`<div class="answer"><p><strong>It cannot be confirmed any more.</strong> No passkey of yours is enough for policy as it is now.</p><div class="row">${drop}</div>${dropForm(one)}</div>`
  const names = ways.map(({ device, uv }) => `${visible(device.name)}${uv ? ' (with PIN)' : ''}`)
  return html`<details><summary>The exact text you sign</summary><pre class="code wrap" id="exact" tabindex="0" aria-label="The exact text you sign"></pre></details>
<div class="answer"><form id="confirm" data-path="/c/${one.id}">${names.length > 2 ? html`<p class="small">These will do: ${names.join(', ')}.</p>` : null}
<div class="row"><button class="main${critical ? ' critical' : ''}">Confirm with ${names.length <= 2 ? names.join(' or ') : 'a passkey'}</button>${drop}</div>
<p class="say note bad" role="alert" id="say"></p>
<noscript><p class="note warn">Passkeys need JavaScript. Please switch it on for this site.</p></noscript></form>${dropForm(one)}</div>`
}

const dropForm = ({ id }: ParkedChange): Markup =>
  html`<form id="drop" method="post" action="/c/${id}/refuse" hidden></form>`
