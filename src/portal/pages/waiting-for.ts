import type { Ask } from '../../hold/asks.ts'
import { copyable, html, type Markup, shown } from '../markup.ts'
import type { OwnVisit } from '../visit.ts'
import { count } from './hold-words.ts'

/** Whom it waits for, and what to send them. */
export function waitingFor({ deps }: OwnVisit, ask: Ask | null): Markup | null {
  if (!ask) return null
  const names = ask.given.map((id) => deps.identity.account(id)?.name ?? '')
  return html`<section class="card stack" aria-labelledby="others"><h2 id="others">${String(names.length)} of ${count(ask.people, 'countersignature')}</h2>
${names.length === 0 ? null : html`<p>By ${names.map((name, i) => html`${i > 0 ? ', ' : null}${shown(name)}`)}.</p>`}
<p>It is listed in the portal of everybody who may countersign it. You can also send them this address; it opens for nobody else.</p>
${copyable('ask-address', `${deps.origin}/countersign/${ask.id}`, 'Address for whoever countersigns')}</section>`
}

/** How many others, in words. */
export function others(people: number): string {
  return people === 1 ? 'one other person' : `${people} other people`
}
