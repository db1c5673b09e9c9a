import { accountId } from '../../core/identity.ts'
import type { WouldBeRow } from '../../ledger/would-be.ts'
import { html, type Markup, moment, shown } from '../markup.ts'
import { modeWords } from '../report-view.ts'
import { type OwnVisit, page } from '../visit.ts'

const SHOWN = 200
const NAMED = 4

/** For administrators: what enforcement would have asked for and refused, where nothing is enforced. */
export async function show(visit: OwnVisit): Promise<Response> {
  const { report } = visit.deps
  const rows = await report.rows(SHOWN)
  const on = modeWords(report) !== null
  const sum = (of: readonly WouldBeRow[]): number => of.reduce((total, { times }) => total + times, 0)
  const people = new Set(rows.flatMap(({ accounts }) => accounts)).size
  const body = html`<div class="head"><h1>What would have happened</h1>
<p class="lede">${on ? 'Nothing is enforced where the notice above says so. This is what policy would have asked for or refused there, so that you know what people will meet when you enforce it.' : 'Everything is enforced. This is what was noted while it was not.'}</p></div>
<section class="card figures">${figure(sum(rows.filter(({ decision }) => decision === 'challenge')), 'would have asked for a key')}${figure(sum(rows.filter(({ decision }) => decision === 'deny')), 'would have been refused')}${figure(people, people === 1 ? 'person' : 'people')}</section>
${rows.length === 0 ? html`<p class="empty wide">Nothing would have been asked for or refused.</p>` : html`<ul class="list">${rows.map((row) => item(visit, row))}</ul>`}
<p class="small soft">Counted for the last three months, the ${SHOWN} most frequent. The first of a day, person, action and place is in the ledger.</p>`
  return page(visit, { title: 'What would have happened', body, here: '/report' })
}

function figure(count: number, words: string): Markup {
  return html`<div><p class="figure">${count}</p><p class="small soft">${words}</p></div>`
}

function item(visit: OwnVisit, row: WouldBeRow): Markup {
  const { verb, place, decision, policies, say, times, accounts, last } = row
  const asks = decision === 'challenge'
  return html`<li class="split"><div class="stack tight"><h2>${shown(place)}</h2>
<div class="row"><code>${verb}</code><span class="badge ${asks ? 'warn' : 'bad'}">${asks ? asked(row) : 'Would refuse'}</span></div>
<p class="small soft">${policies.length === 0 ? shown(say) : html`By policy: ${shown(policies.join('; '))}`}</p>
<dl class="facts"><div><dt>Who</dt><dd>${shown(names(visit, accounts))}</dd></div><div><dt>Last</dt><dd>${moment(last)}</dd></div></dl></div>
<p class="figure">${times}<span class="small soft"> ${times === 1 ? 'time' : 'times'}</span></p></li>`
}

function asked({ uv, people }: WouldBeRow): string {
  const key = uv ? 'Would ask for a key with PIN' : 'Would ask for a touch'
  return people === 0 ? key : `${key}, and for ${people === 1 ? 'another person' : `${people} other people`}`
}

function names(visit: OwnVisit, accounts: readonly string[]): string {
  const known = accounts.map((id) => visit.deps.identity.account(accountId(id))?.name ?? 'somebody')
  const more = known.length - NAMED
  return known.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
