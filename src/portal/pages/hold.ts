import type { RefLanding, Shown } from '../../core/git/landing.ts'
import type { Hold, HoldWay } from '../../hold/holds.ts'
import { clip, visible } from '../display.ts'
import { html, type Markup, moment, shown } from '../markup.ts'
import type { OwnVisit } from '../visit.ts'
import { changes, lacking } from './hold-changes.ts'
import { ALL, type Look, type Room } from './hold-look.ts'
import { atLeast } from './hold-seen.ts'
import { count, moveOf, refName, refWords, repoName, telling } from './hold-words.ts'
import { others, waitingFor } from './waiting-for.ts'

// The page of one held push, as markup. Everything about the push itself is other people's text.

export interface HoldView {
  readonly hold: Hold
  /** Undefined while git still looks. */
  readonly look: Look | undefined
  readonly room: Room
  /** The most that pages of this session showed of it. */
  readonly seen: Shown
  /** Whether the push comes from another network than this browser. */
  readonly elsewhere: boolean
}

/** What changes the page: the script fetches it again when this does. */
export function versionOf({ state, landing, ask }: Hold): string {
  return `${state}${ask ? `-${ask.given.length}` : ''}${landing ? '-looked' : ''}`
}

export function holdBody(visit: OwnVisit, view: HoldView): Markup {
  const { hold, look, room, elsewhere } = view
  const { state, landing } = hold
  const { title, say, look: mood, over } = telling(state)
  return html`<p class="hear" role="status" id="heard"></p>
<div id="hold" class="hold" data-path="/a/${hold.code}" data-version="${versionOf(hold)}"${over ? null : html` data-live`}>
<div class="head ${mood}"><p class="eyebrow">${elsewhere && state === 'waiting' ? 'Held push' : html`Held push <code>${hold.code}</code>`}${state === 'waiting' || state === 'signed' ? html`<span class="clock">waits until ${moment(hold.expiresAt)}<span class="left" data-left="${Math.max(0, Math.round((hold.expiresAt - visit.now) / 1000))}"></span></span>` : null}</p>
<h1 tabindex="-1" id="title">${state === 'refused' && hold.ask ? 'Refused' : title}</h1>
<p class="lede">${state === 'waiting' && hold.people > 0 ? `Nothing changes until you approve it, and ${others(hold.people)} ${hold.people === 1 ? 'countersigns' : 'countersign'} it.` : say}${hold.said === null || hold.said === '' ? null : html` <span class="said">${state === 'refused' && !hold.ask ? 'You said: ' : null}${shown(clip(hold.said, 600))}</span>`}</p></div>
${who(visit, view)}
${state === 'signed' ? waitingFor(visit, hold.ask) : null}
<section class="refs" aria-label="What it changes">${hold.updates.map((_, i) => refLine(hold, i))}</section>
${hold.pushOptions.length > 0 ? html`<p class="small soft">Push options: ${hold.pushOptions.slice(0, 20).map((option) => html`<code>${shown(clip(option, 200))}</code> `)}</p>` : null}
${landing && !over ? lacking(landing, look) : null}
${over ? null : landing ? changes(hold.updates, landing.refs, look, room) : waitingForGit()}
${look?.more && !over ? html`<p><a class="button" href="/a/${hold.code}/all">Show all of it</a></p>` : null}
${room === ALL && !over ? html`<p class="small"><a href="/a/${hold.code}">Back to the short page</a></p>` : null}
${state === 'waiting' ? answer(view) : state === 'receiving' || state === 'signed' ? html`<div class="answer">${refuseForm(hold.code)}</div>` : over ? html`<p><a class="button" href="/pending">All waiting pushes</a></p>` : null}
</div>`
}

function who({ person }: OwnVisit, { hold, elsewhere }: HoldView): Markup {
  const { client, createdAt, why } = hold
  return html`<dl class="facts about"><div><dt>Repository</dt><dd><strong>${shown(repoName(hold))}</strong></dd></div><div><dt>Pushed by</dt><dd>${shown(person.principal.account.name)}</dd></div><div><dt>From</dt><dd>${shown(clip(client.address, 80))}, ${shown(clip(client.userAgent, 80) || 'a client without a name')}${elsewhere ? html` <span class="badge warn">another network than this browser</span>` : null}</dd></div><div><dt>At</dt><dd>${moment(createdAt)}</dd></div>${why === '' ? null : html`<div><dt>Asked for by</dt><dd>${shown(clip(why, 200))}</dd></div>`}</dl>`
}

export function waitingForGit(): Markup {
  return html`<div class="card looking" role="status"><span class="spinner" aria-hidden="true"></span><p>git is reading the push. Commits and changes appear here in a moment.</p></div>`
}

const MOVES: { readonly [move in RefLanding['move']]: readonly [word: string, look: string] } = {
  create: ['new', 'good'],
  forward: ['moves forward', ''],
  rewrite: ['rewritten', 'bad'],
  delete: ['deleted', 'bad'],
  unknown: ['changes', 'warn'],
}

/** One ref in one line, loud where something is taken away. */
export function refLine({ updates, landing }: Pick<Hold, 'updates' | 'landing'>, index: number): Markup {
  const update = updates[index]!
  const known = landing?.refs[index]
  const move = moveOf(update, known)
  const [word, look] = MOVES[move]
  const { kind, name } = refWords(update)
  const lost = known?.loses.total ?? known?.loses.commits.length ?? 0
  return html`<div class="ref ${move}"><span class="badge ${look}">${word}</span><span class="name"><span class="soft">${kind}</span> <strong title="${visible(refName(update))}">${shown(name)}</strong></span><span class="ids"><code>${move === 'create' ? 'nothing' : update.before.slice(0, 10)}</code> → <code>${move === 'delete' ? 'nothing' : update.after.slice(0, 10)}</code></span>${
    lost > 0
      ? html`<p class="loss">${move === 'delete' ? 'With it' : 'This takes away'} ${count(lost, 'commit')}${move === 'delete' ? ` ${lost === 1 ? 'goes' : 'go'} away` : ` that the ${kind} has now`}.</p>`
      : move === 'rewrite'
        ? html`<p class="loss">Its history is replaced.</p>`
        : null
  }</div>`
}

const SEEN: { readonly [shown in Shown]: string } = {
  refs: 'You see: the refs, not all commits',
  commits: 'You see: all commits, not the whole diff',
  diff: 'You see: the whole diff',
}

/** The last word: approve with a touch, or refuse. */
function answer({ hold, look, seen, elsewhere, room }: HoldView): Markup {
  const ways = unique(hold.ways(seen, false))
  const { landing, code } = hold
  const wanted = (['commits', 'diff'] as const).find(
    (more) => !atLeast(seen, more) && hold.ways(more, false).length > 0,
  )
  const within = wanted !== undefined && landing !== undefined && atLeast(landing.shown, wanted)
  const saw = html`<p class="saw">${landing ? SEEN[seen] : 'You see: the refs. git is still reading the rest.'}</p>`
  if (ways.length === 0) {
    const deep = wanted === 'diff' ? 'the whole diff' : 'all commits'
    return html`<div class="answer">${saw}<div class="row">${
      wanted && !landing
        ? html`<p>Policy wants you to see more of it first. It comes in a moment.</p>`
        : within && look?.more && room !== ALL
          ? html`<p>Policy wants you to see ${deep} before you approve.</p><a class="button main" href="/a/${code}/all">Show all of it</a>`
          : html`<p><strong>This page cannot approve it.</strong> ${wanted ? `Policy wants you to see ${deep}, and that cannot be shown here.` : 'No passkey of yours is enough for policy.'} Refuse it, and <a href="/devices/add-ssh-key">sign the push with a security key</a>.</p>`
    }${refuseForm(code)}</div></div>`
  }
  const names = ways.map(({ device, uv }) => `${visible(device.name)}${uv ? ' (with PIN)' : ''}`)
  const label = names.length <= 2 ? names.join(' or ') : 'a passkey'
  return html`<div class="answer">${saw}
<form id="approve" data-typed="${String(elsewhere)}">
${
  elsewhere
    ? html`<div class="note warn typed"><p>This push comes from another network (${shown(clip(hold.client.address, 80))}) than this browser. If it is yours, type the code that your terminal shows.</p>
<div class="field"><label for="typed">Code from the terminal</label><input id="typed" name="typed" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="40" required></div></div>`
    : null
}
${names.length > 2 ? html`<p class="small">These will do: ${names.join(', ')}.</p>` : null}
<div class="row"><button class="main">Approve with ${label}</button>${refuseButton()}</div>
<p class="say note bad" role="alert" id="say"></p>
<noscript><p class="note warn">Passkeys need JavaScript. Please switch it on for this site.</p></noscript>
</form>${refusePopover(code)}</div>`
}

/** Each device once, with the least that it has to show. */
export function unique(ways: readonly HoldWay[]): readonly HoldWay[] {
  const byDevice = new Map<string, HoldWay>()
  for (const way of ways) {
    const known = byDevice.get(way.device.id)
    if (!known || (known.uv && !way.uv)) byDevice.set(way.device.id, way)
  }
  return [...byDevice.values()]
}

const refuseForm = (code: string): Markup => html`${refuseButton()}${refusePopover(code)}`

const refuseButton = (): Markup =>
  html`<button type="button" class="danger" popovertarget="refuse">Refuse</button>`

function refusePopover(code: string): Markup {
  return html`<div popover id="refuse"><form method="post" action="/a/${code}/refuse"><h2>Refuse this push?</h2>
<p class="soft">git is told, and nothing changes.</p>
<div class="field"><label for="why">Reason <span class="soft">(optional; git shows it)</span></label><input id="why" name="why" maxlength="300" autocomplete="off" autofocus></div>
<div class="row"><button class="danger">Refuse the push</button><button type="button" popovertarget="refuse" popovertargetaction="hide">Cancel</button></div></form></div>`
}
