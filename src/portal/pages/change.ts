import type { SessionId } from '../../core/identity.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { statementResource } from '../../flow/statement-resource.ts'
import type { ParkedChange, ParkedState } from '../../hold/parked-changes.ts'
import { clip, visible } from '../display.ts'
import { readFields } from '../fields.ts'
import { html, type Markup, moment, shown } from '../markup.ts'
import { json, me, type OwnVisit, page, refuse, see } from '../visit.ts'
import { unique } from './hold.ts'
import { assertionOf } from './hold-steps.ts'
import { NO_COOKIE } from './sign-in.ts'

const NOT_HERE = refusal(
  'not-found',
  'You have no change that waits under this address.',
  'Go back to the forge and send the form again.',
)
const NO_LONGER = refusal('proof-invalid', 'This change waits no longer.', 'Look at what became of it.')
const USED = refusal(
  'proof-invalid',
  'This confirmation is used, too old, or for another change.',
  'Try again from the page.',
)
const BEGUN_AT_MOST = 1000

type Step = (visit: OwnVisit) => Response | Promise<Response>

/** The page of a change of the forge that waits for a touch, and its two answers. */
export function createChangeSteps(): Record<'show' | 'begin' | 'approve' | 'refuse', Step> {
  /** Which change of which session a ceremony was begun for. */
  const begun = new Map<string, { readonly session: SessionId; readonly change: string }>()

  function show(visit: OwnVisit): Response {
    const found = parked(visit)
    if (!found.ok) return refuse(visit, found.error)
    const { state } = found.value
    const title = TELLING[state].title
    return page(visit, {
      title: `${title}: ${clip(found.value.change.sentence, 80)}`,
      body: body(visit, found.value),
      narrow: true,
      here: '/pending',
      ...(state === 'waiting' && { script: 'change.ts' }),
    })
  }

  async function begin(visit: OwnVisit): Promise<Response> {
    const fields = await readFields(visit.request, {})
    if (!fields.ok) return refuse(visit, fields.error)
    if (visit.pre === undefined) return refuse(visit, NO_COOKIE)
    const found = parked(visit)
    if (!found.ok) return refuse(visit, found.error)
    const one = found.value
    if (one.state !== 'waiting') return refuse(visit, NO_LONGER)
    const asked = await visit.deps.ceremonies.beginApproval(
      visit.pre,
      me(visit).id,
      {
        action: one.change.verb,
        resource: statementResource(one.resource),
        fields: one.change.stated,
      },
      undefined,
      one.ways().map(({ device }) => device.id),
    )
    if (!asked.ok) return refuse(visit, asked.error)
    if (begun.size >= BEGUN_AT_MOST) begun.delete(begun.keys().next().value!)
    begun.set(asked.value.id, { session: visit.person.session.id, change: one.id })
    return json(asked.value)
  }

  async function approve(visit: OwnVisit): Promise<Result<{ next: string }, Refusal>> {
    const { deps, pre } = visit
    const fields = await readFields(visit.request, { id: 43, credential: 'object' })
    if (!fields.ok) return fields
    if (pre === undefined) return err(NO_COOKIE)
    const found = parked(visit)
    if (!found.ok) return found
    const one = found.value
    const { id, credential } = fields.value
    const asked = begun.get(id)
    begun.delete(id)
    if (asked?.session !== visit.person.session.id || asked.change !== one.id) return err(USED)
    const signed = await deps.ceremonies.finishApproval(pre, me(visit).id, id, credential)
    if (!signed.ok) return signed
    const { device, evidence } = signed.value
    const refused = await one.approve({
      device,
      text: evidence['statement'] ?? '',
      signature: evidence['sshsig'] ?? null,
      assertion: assertionOf(evidence),
    })
    return refused ? err(refused) : ok({ next: `${deps.forgeOrigin}${one.next ?? one.page}` })
  }

  return {
    show,
    begin,
    async approve(visit) {
      const done = await approve(visit)
      return done.ok ? json(done.value) : refuse(visit, done.error)
    },
    async refuse(visit) {
      const fields = await readFields(visit.request, {})
      if (!fields.ok) return refuse(visit, fields.error)
      const found = parked(visit)
      if (!found.ok) return refuse(visit, found.error)
      const refused = found.value.refuse()
      return refused ? refuse(visit, refused) : see(`/c/${found.value.id}`)
    },
  }
}

/** Unknown and other people's look alike. */
function parked({ deps, params, person }: OwnVisit): Result<ParkedChange, Refusal> {
  const found = deps.parked.byId(person.principal.account.id, params['id'] ?? '')
  return found ? ok(found) : err(NOT_HERE)
}

const TELLING: { readonly [state in ParkedState]: { readonly title: string; readonly say: string } } = {
  waiting: { title: 'Your touch makes it so', say: 'Nothing changes until you confirm it.' },
  approved: { title: 'Confirmed', say: 'The forge is taking it now.' },
  done: { title: 'Done', say: 'The forge took it.' },
  rejected: { title: 'Confirmed, but turned down', say: 'Your touch held, and then it was refused.' },
  refused: { title: 'Dropped', say: 'Nothing changed.' },
  expired: { title: 'Too late', say: 'Nobody confirmed it in time. Nothing changed; send the form again.' },
  revoked: { title: 'Its access ended', say: 'Nothing changed.' },
}

function body(visit: OwnVisit, one: ParkedChange): Markup {
  const { change, state, said, why, createdAt, expiresAt } = one
  const { title, say } = TELLING[state]
  const back = `${visit.deps.forgeOrigin}${one.next ?? one.page}`
  return html`<div class="head"><p class="eyebrow">A change of the forge</p>
<h1>${title}</h1><p class="lede">${say}${said === null ? null : html` <span class="said">${shown(clip(said, 600))}</span>`}</p></div>
<section class="card stack" aria-labelledby="what"><h2 id="what">${shown(clip(change.sentence, 600))}</h2>
<dl class="facts"><div><dt>By</dt><dd>${shown(me(visit).name)}</dd></div><div><dt>On</dt><dd>${shown(placeOf(one))}</dd></div><div><dt>Action</dt><dd><code>${change.verb}</code></dd></div>${why === '' ? null : html`<div><dt>Asked for by</dt><dd>${shown(clip(why, 300))}</dd></div>`}<div><dt>At</dt><dd>${moment(createdAt)}</dd></div>${state === 'waiting' ? html`<div><dt>Waits until</dt><dd>${moment(expiresAt)}</dd></div>` : null}</dl>
${change.stated.length === 0 ? null : html`<table class="fields"><caption class="small soft">Everything that is sent, and signed</caption><tbody>${change.stated.map(([key, value]) => fieldRow(key, value))}</tbody></table>`}
</section>
${state === 'waiting' ? answer(one) : html`<p><a class="button main" href="${back}">Back to the forge</a></p>`}`
}

function fieldRow(key: string, value: string): Markup {
  const secret = key.endsWith('-digest')
  const name = secret ? key.slice(0, -'-digest'.length) : key
  return html`<tr><th scope="row">${name.replaceAll('-', ' ')}</th><td>${secret ? html`<span class="soft">kept secret; its digest is signed</span> <code class="wrap">${value}</code>` : long(value)}</td></tr>`
}

/** All of it: what is signed is shown. Long texts fold. */
function long(value: string): Markup {
  if (value === '') return html`<span class="soft">empty</span>`
  if (value.length <= 300) return shown(value)
  return html`<details><summary>${shown(clip(value, 120))}</summary><p class="wrap">${shown(value)}</p></details>`
}

function placeOf({ resource, change }: ParkedChange): string {
  switch (resource.kind) {
    case 'repo':
      return `${resource.repo.owner}/${resource.repo.name}`
    case 'org':
      return resource.org.name
    case 'account':
      return 'your own account'
    case 'site':
      return change.where.org ?? 'the whole forge'
  }
}

function answer(one: ParkedChange): Markup {
  const ways = unique(one.ways())
  const drop = html`<form class="inline" method="post" action="/c/${one.id}/refuse"><button class="quiet">Drop it</button></form>`
  if (ways.length === 0)
    return html`<div class="answer"><p><strong>It cannot be confirmed any more.</strong> No passkey of yours is enough for policy as it is now.</p><div class="row">${drop}</div></div>`
  const names = ways.map(({ device }) => visible(device.name))
  return html`<div class="answer"><form id="confirm" data-path="/c/${one.id}"><div class="row"><button class="main">Confirm with ${names.length <= 2 ? names.join(' or ') : 'a passkey'}</button></div>
<p class="say note bad" role="alert" id="say"></p>
<details class="small"><summary>The exact text you sign</summary><pre class="code wrap" id="exact" tabindex="0"></pre></details>
<noscript><p class="note warn">Passkeys need JavaScript. Please switch it on for this site.</p></noscript></form>
<div class="row">${drop}</div></div>`
}
