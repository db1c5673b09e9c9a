import type { Account } from '../../core/identity.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { Result } from '../../core/result.ts'
import type { Ask, May } from '../../hold/asks.ts'
import { clip, visible } from '../display.ts'
import { html, type Markup, moment, shown } from '../markup.ts'
import { me, type OwnVisit } from '../visit.ts'
import { fields } from './change-body.ts'
import { consequence, isCritical, placeOf } from './change-words.ts'
import { isUnderWay, sentenceOf, tellingOf } from './countersign-words.ts'
import { refLine, unique, waitingForGit } from './hold.ts'
import { changes, lacking } from './hold-changes.ts'
import { ALL, type Look, type Room } from './hold-look.ts'
import { count } from './hold-words.ts'
import { type MergeShown, mergeSection } from './merge-look.ts'

// The page of what somebody else signed, for whoever may countersign it. Everything in it is somebody else's text.

/** A heading of more characters is set smaller. */
const LONG_TITLE = 60

export interface AskView {
  readonly ask: Ask
  readonly may: May
  readonly requester: Account
  /** Of a push: what its page shows, once git has looked. */
  readonly look: Look | undefined
  readonly room: Room
  /** That of everything that waits: the script fetches the page again when it is another. */
  readonly version: string
  /** What comes of it, when it is a merge. */
  readonly merge?: Result<MergeShown, Refusal>
}

export function askBody(visit: OwnVisit, view: AskView): Markup {
  const { ask, requester, version } = view
  const telling = tellingOf(ask)
  const said = (ask.subject.kind === 'change' ? ask.subject.parked.said : ask.subject.hold.said) ?? ''
  const mine = ask.given.includes(me(visit).id)
  const sentence = clip(sentenceOf(ask), 600)
  const left = Math.max(0, Math.round((ask.expiresAt - visit.now) / 1000))
  const critical = ask.subject.kind === 'change' && isCritical(ask.subject.parked.change)
  return html`<p class="hear" role="status" id="heard"></p>
<div id="change" class="hold" data-version="${version}"${ask.over ? null : html` data-live`}${isUnderWay(ask) ? html` data-soon` : null}>
<div class="head ${telling?.look ?? 'wait'}"><p class="eyebrow"><span>${shown(requester.name)} asks you to countersign</span>${ask.over ? null : html`<span class="clock">waits until ${moment(ask.expiresAt)}<span class="left" data-left="${left}"></span></span>`}</p>
<h1 tabindex="-1" id="title"${sentence.length > LONG_TITLE && telling === null ? html` class="long"` : null}>${telling ? telling.title : shown(sentence)}</h1>
<p class="lede">${telling ? html`${telling.say}${said === '' ? null : html` <span class="said">${shown(clip(said, 600))}</span>`}` : mine ? 'You countersigned it. It waits for somebody else, too.' : html`${shown(requester.name)} signed this. It is done in their name once ${ask.people === 1 ? 'you' : `${ask.people} others`} countersign it.`}</p></div>
${telling ? html`<p class="what"><strong>${shown(sentence)}</strong></p>` : null}
${critical && !ask.over ? html`<div class="note bad"><p><strong>Look twice.</strong> ${consequence(ask.action.verb)}</p></div>` : null}
${about(visit, view)}
${view.merge ? mergeSection(`/countersign/${ask.id}`, view.merge) : null}
${what(view)}
<details><summary>The exact text that ${shown(requester.name)} signed</summary><pre class="code wrap" tabindex="0" aria-label="The exact text that the other person signed">${shown(Buffer.from(ask.signed).toString('utf8'))}</pre></details>
${ask.over || mine ? html`<p class="row"><a class="button" href="/pending">All that waits</a></p>` : answer(view, critical)}
</div>`
}

function about({ deps }: OwnVisit, { ask, requester }: AskView): Markup {
  const { subject, action, given, people } = ask
  const place =
    subject.kind === 'change'
      ? action.resource.kind === 'account'
        ? { kind: 'Account', name: requester.name }
        : placeOf(action.resource, subject.parked.change)
      : { kind: 'Repository', name: `${subject.hold.repo.owner}/${subject.hold.repo.name}` }
  const why = subject.kind === 'change' ? subject.parked.why : subject.hold.why
  const names = given.map((id) => deps.identity.account(id)?.name ?? '')
  return html`<dl class="facts about"><div><dt>${place.kind}</dt><dd><strong>${shown(place.name)}</strong></dd></div><div><dt>Asked by</dt><dd><strong>${shown(requester.name)}</strong></dd></div><div><dt>Signed at</dt><dd>${moment(ask.createdAt)}</dd></div><div><dt>Countersigned</dt><dd>${String(given.length)} of ${String(people)}${names.length === 0 ? null : html`, by ${names.map((name, i) => html`${i > 0 ? ', ' : null}${shown(name)}`)}`}</dd></div>${why === '' ? null : html`<div><dt>Policy</dt><dd>${shown(clip(why, 300))}</dd></div>`}<div><dt>Action</dt><dd><code>${action.verb}</code></dd></div></dl>`
}

function what({ ask: { id, subject, over }, requester, look, room }: AskView): Markup {
  if (subject.kind === 'change')
    return html`${fields(subject.parked.change, `Everything that ${visible(requester.name)} signed`)}`
  const { hold } = subject
  return html`<section class="card stack" aria-labelledby="refs"><h2 id="refs">${count(hold.updates.length, 'ref')}</h2><div class="refs">${hold.updates.map((_, i) => refLine(hold, i))}</div></section>
${over ? null : hold.landing ? changes(hold.updates, hold.landing.refs, look, room) : waitingForGit()}
${hold.landing && !over ? lacking(hold.landing, look) : null}
${look?.more && room !== ALL && !over ? html`<p><a class="button" href="/countersign/${id}/all">Show all of it</a></p>` : null}`
}

/** The last word: countersign with a touch, or say no. */
function answer({ ask, may }: AskView, critical: boolean): Markup {
  const ways = unique(may.ways)
  if (ways.length === 0)
    return html`<div class="answer"><p><strong>You cannot countersign it now.</strong> ${may.why}</p></div>`
  const names = ways.map(({ device, uv }) => `${visible(device.name)}${uv ? ' (with PIN)' : ''}`)
  return html`<details><summary>The exact text you sign</summary><pre class="code wrap" id="exact" tabindex="0" aria-label="The exact text you sign"></pre></details>
<div class="answer"><form id="confirm" data-path="/countersign/${ask.id}">${names.length > 2 ? html`<p class="small">These will do: ${names.join(', ')}.</p>` : null}
<div class="row"><button class="main${critical ? ' critical' : ''}">Countersign with ${names.length <= 2 ? names.join(' or ') : 'a passkey'}</button><button type="button" class="danger" popovertarget="refuse">Refuse</button></div>
<p class="say note bad" role="alert" id="say"></p>
<noscript><p class="note warn">Passkeys need JavaScript. Please switch it on for this site.</p></noscript></form>
<div popover id="refuse"><form method="post" action="/countersign/${ask.id}/refuse"><h2>Refuse it?</h2>
<p class="soft">Nothing changes, and nobody can countersign it any more.</p>
<div class="field"><label for="why">Reason <span class="soft">(optional; whoever asked sees it)</span></label><input id="why" name="why" maxlength="300" autocomplete="off" autofocus></div>
<div class="row"><button class="danger">Refuse it</button><button type="button" popovertarget="refuse" popovertargetaction="hide">Cancel</button></div></form></div></div>`
}
