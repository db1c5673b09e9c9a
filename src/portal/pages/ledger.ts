import type { LedgerRow } from '../ledger-view.ts'
import { copyable, html, type Markup, moment, shown } from '../markup.ts'
import { me, type OwnVisit, page } from '../visit.ts'

const SHOWN = 50

export async function show(visit: OwnVisit): Promise<Response> {
  const { ledger } = visit.deps
  const account = me(visit)
  const [{ size, note }, rows] = await Promise.all([
    ledger.checkpoint(),
    ledger.recent(account.admin ? null : account.id, SHOWN),
  ])
  const body = html`<div class="head"><h1>Ledger</h1>
<p class="lede">An append-only log of sign-ins, changes and their signatures. It can grow, but nobody can rewrite it unnoticed: keep its key, and check.</p></div>
<section class="card stack"><h2>${size} ${size === 1 ? 'entry' : 'entries'}</h2>
<p class="small soft">The key, to be kept somewhere that is not this server:</p>
${copyable('vkey', ledger.vkey, 'Verifier key of the ledger')}
<details class="wide"><summary>Signed checkpoint</summary><pre class="code" tabindex="0" aria-label="Checkpoint note">${note}</pre></details></section>
<section class="stack"><h2>${account.admin ? 'Latest entries' : 'Latest entries about you'}</h2>
${rows.length === 0 ? html`<p class="empty wide">Nothing yet.</p>` : table(rows, account.admin)}</section>`
  return page(visit, { title: 'Ledger', body, here: '/ledger', script: 'page.ts' })
}

function table(rows: readonly LedgerRow[], all: boolean): Markup {
  return html`<div class="scroll card" tabindex="0" role="region" aria-label="Entries"><table><thead><tr><th scope="col">No.</th><th scope="col">When</th>${all ? html`<th scope="col">Who</th>` : null}<th scope="col">What</th></tr></thead><tbody>
${rows.map(({ index, time, account, type, summary }) => html`<tr><td>${index}</td><td>${moment(time)}</td>${all ? html`<td>${account === null ? '' : shown(account)}</td>` : null}<td><code>${type}</code>${summary === null ? null : html` ${shown(summary)}`}</td></tr>`)}
</tbody></table></div>`
}
