import { groupOf } from '../../core/action/verbs.ts'
import { sha256Hex } from '../../core/crypto.ts'
import type { DeviceId, SessionId } from '../../core/identity.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { REPEATED } from '../../core/statement/statement.ts'
import type { Ask } from '../../hold/asks.ts'
import type { Hold } from '../../hold/holds.ts'
import type { ParkedChange } from '../../hold/parked-changes.ts'
import { clip, visible } from '../display.ts'
import { readFields } from '../fields.ts'
import type { Live } from '../live.ts'
import { html, type Markup, moment, shown } from '../markup.ts'
import { json, me, type OwnVisit, page, refuse } from '../visit.ts'
import { isCritical } from './change-words.ts'
import { sentenceOf } from './countersign-words.ts'
import { refLine, unique, versionOf } from './hold.ts'
import type { Seen } from './hold-seen.ts'
import { assertionOf, elsewhere } from './hold-steps.ts'
import { moveOf, repoName } from './hold-words.ts'
import { NO_COOKIE } from './sign-in.ts'

/** Refs of one push that the list has room for; a push of more is approved on its own page. */
const REFS = 20
const BEGUN_AT_MOST = 1000
const USED = refusal(
  'proof-invalid',
  'This confirmation is used, too old, or from another browser.',
  'Reload the list and start again.',
)

/** Pushes that one touch may approve, and the devices that will do for all of them. */
interface Batch {
  readonly holds: readonly Hold[]
  readonly devices: ReadonlyMap<DeviceId, string>
}

type Step = (visit: OwnVisit) => Response | Promise<Response>

/** The list of waiting pushes, and the batch: what is signed is fixed when it begins, from what the page showed. */
export function createPending(
  seen: Seen,
  live: Live,
): Record<'show' | 'events' | 'state' | 'begin' | 'approve', Step> {
  const begun = new Map<string, { readonly session: SessionId; readonly codes: readonly string[] }>()

  async function show(visit: OwnVisit): Promise<Response> {
    const asks = await visit.deps.asks.waiting(me(visit).id)
    const holds = visit.deps.holds.waiting(me(visit).id)
    for (const hold of holds) {
      if (hold.updates.length <= REFS) seen.note(visit.person.session.id, hold.code, 'refs')
    }
    const parked = visit.deps.parked.waiting(me(visit).id)
    const batch = batchOf(visit, holds)
    const body = html`<p class="hear" role="status" id="heard"></p><div id="pending" class="hold" data-live data-version="${listVersion(visit)}"><div class="head"><h1>Waiting for you</h1>
<p class="lede">Pushes and changes that go on when you touch a key. Nothing changes until then.</p></div>
${asks.length === 0 ? null : html`<section class="stack" aria-labelledby="asks"><h2 id="asks">For others, to countersign</h2><ul class="list pushes">${asks.map((ask) => askRow(visit, ask))}</ul></section>`}
${asks.length > 0 && holds.length + parked.length > 0 ? html`<h2>Your own</h2>` : null}
${holds.length + parked.length + asks.length === 0 ? html`<p class="empty">Nothing waits. A push without a signature shows up here while git holds the line, and a change of the forge that wants your touch until you answer it.</p>` : html`${batch ? batchForm(batch) : null}${holds.length + parked.length === 0 ? null : html`<ul class="list pushes">${holds.map((hold) => row(visit, hold))}${parked.map((one) => parkedRow(visit, one))}</ul>`}`}
</div>`
    // Where a page of the forge cannot say that something waits, the tab of the list does.
    const n = holds.length + parked.length + asks.length
    return page(visit, {
      title: n === 0 ? 'Waiting' : `(${n}) Waiting`,
      body,
      wide: true,
      here: '/pending',
      script: 'pending.ts',
    })
  }

  async function begin(visit: OwnVisit): Promise<Result<object, Refusal>> {
    const { deps, pre, person } = visit
    const fields = await readFields(visit.request, { codes: REPEATED.most * 10 })
    if (!fields.ok) return fields
    if (pre === undefined) return err(NO_COOKIE)
    const account = me(visit).id
    const codes = [...new Set(fields.value.codes.split(' '))]
    const holds: Hold[] = []
    for (const code of codes) {
      const hold = deps.holds.byCode(account, code)
      if (hold?.state !== 'waiting')
        return err(
          refusal(
            'proof-invalid',
            'One of these pushes waits no longer.',
            'Look at the list as it is now, and start again.',
          ),
        )
      if (seen.of(person.session.id, hold.code) === undefined)
        return err(refusal('proof-invalid', 'One of these pushes was not shown to you.', 'Reload the list.'))
      holds.push(hold)
    }
    const batch = batchOf(visit, holds)
    if (batch?.holds.length !== holds.length)
      return err(
        refusal(
          'denied',
          'These pushes cannot be approved together.',
          'Reload the list, or approve each on its own page.',
        ),
      )
    // The values of a repeated field rise (docs/formats/statement.md).
    const items = holds.map(({ certificate }) => `sha256:${sha256Hex(certificate)}`).sort()
    const asked = await deps.ceremonies.beginApproval(
      pre,
      account,
      { action: 'push.batch', fields: items.map((item) => ['item', item] as const) },
      undefined,
      [...batch.devices.keys()],
    )
    if (!asked.ok) return asked
    const { id, text, options } = asked.value
    if (begun.size >= BEGUN_AT_MOST) begun.delete(begun.keys().next().value!)
    begun.set(id, { session: person.session.id, codes: holds.map(({ code }) => code) })
    return ok({
      id,
      title: `Approve ${holds.length} pushes?`,
      say: `${holds.map((hold) => `${visible(repoName(hold))} (${hold.code})`).join(', ')}. One touch is for exactly these; what comes later waits for its own.`,
      text,
      options,
    })
  }

  async function approve(visit: OwnVisit): Promise<Result<object, Refusal>> {
    const { deps, pre, person } = visit
    const fields = await readFields(visit.request, { id: 43, credential: 'object' })
    if (!fields.ok) return fields
    if (pre === undefined) return err(NO_COOKIE)
    const { id, credential } = fields.value
    const asked = begun.get(id)
    begun.delete(id)
    if (asked?.session !== person.session.id) return err(USED)
    const account = me(visit).id
    const signed = await deps.ceremonies.finishApproval(pre, account, id, credential)
    if (!signed.ok) return signed
    const { device, evidence } = signed.value
    let approved = 0
    const left: string[] = []
    for (const code of asked.codes) {
      const refused =
        deps.holds.byCode(account, code)?.approve({
          device,
          shown: 'refs',
          batch: evidence['statement'] ?? '',
          signature: evidence['sshsig'] ?? null,
          assertion: assertionOf(evidence),
        }) ?? (deps.holds.byCode(account, code) ? undefined : refusal('not-found', 'It is gone.'))
      if (refused) left.push(`${code}: ${refused.say}`)
      else approved++
    }
    return ok({ approved, left })
  }

  const answered =
    (step: (visit: OwnVisit) => Promise<Result<object, Refusal>>): Step =>
    async (visit) => {
      const result = await step(visit)
      return result.ok ? json(result.value) : refuse(visit, result.error)
    }
  return {
    show,
    events: (visit) =>
      live.stream(
        visit,
        (changed) => {
          const { holds, parked, asks } = visit.deps
          const stops = [holds, parked, asks].map((what) => what.watch(me(visit).id, changed))
          return () => {
            for (const stop of stops) stop()
          }
        },
        () => ({ now: { version: listVersion(visit) }, over: false }),
      ),
    state: (visit) => json({ version: listVersion(visit), over: false }),
    begin: answered(begin),
    approve: answered(approve),
  }
}

/** Another one whenever something comes to wait, waits no longer, or looks different. */
export function listVersion(visit: OwnVisit): string {
  const { holds, parked, asks } = visit.deps
  const account = me(visit).id
  const lines = [
    ...holds.waiting(account).map((hold) => `${hold.code} ${versionOf(hold)}`),
    ...parked.waiting(account).map(({ id, state, ask }) => `${id} ${state} ${ask?.given.join(',') ?? ''}`),
    ...asks.known(account).map(askLine),
  ]
  return sha256Hex(lines.join('\n')).slice(0, 16)
}

/** Of one ask, what its page and the list of it depend on. */
function askLine({ id, given, over, subject }: Ask): string {
  const looked = subject.kind === 'push' && subject.hold.landing !== undefined
  return `${id} ${given.join(',')} ${over} ${looked}`
}

/**
 * The most pushes that some one device may approve by their refs alone, in a batch. Not offered are those that want a page of
 * their own: from another network (its code is typed there), of many refs, or not known to only add to what is there.
 */
function batchOf(visit: OwnVisit, holds: readonly Hold[]): Batch | undefined {
  const able = holds
    .filter(
      (hold) =>
        hold.state === 'waiting' && hold.updates.length <= REFS && !elsewhere(visit, hold) && onlyAdds(hold),
    )
    .map((hold) => ({ hold, ways: unique(hold.ways('refs', true)) }))
  let best: Hold[] = []
  for (const id of new Set(able.flatMap(({ ways }) => ways.map(({ device }) => device.id)))) {
    const its = able.filter(({ ways }) => ways.some(({ device }) => device.id === id))
    if (its.length > best.length) best = its.map(({ hold }) => hold)
  }
  if (best.length < REPEATED.least) return undefined
  const offered = best.slice(0, REPEATED.most)
  const common = able
    .filter(({ hold }) => offered.includes(hold))
    .map(({ ways }) => new Map(ways.map(({ device }) => [device.id, device.name])))
  const devices = [...common[0]!].filter(([id]) => common.every((own) => own.has(id)))
  return { holds: offered, devices: new Map(devices) }
}

/** Every ref is new or moves forward, as far as git could tell. */
function onlyAdds({ updates, landing }: Hold): boolean {
  return updates.every((update, i) => ['create', 'forward'].includes(moveOf(update, landing?.refs[i])))
}

function batchForm({ holds, devices }: Batch): Markup {
  const names = [...devices.values()].map(visible)
  return html`<form id="batch" class="card" data-codes="${holds.map(({ code }) => code).join(' ')}"><p>You see the refs of all ${String(holds.length)}. ${names.join(', ')} will do, with PIN or biometric.</p>
<div class="row"><button class="main">Approve these ${String(holds.length)} with one touch</button></div><p class="say note bad" role="alert"></p></form>`
}

function row(visit: OwnVisit, hold: Hold): Markup {
  const { code, client, createdAt, expiresAt, state, updates } = hold
  return html`<li><div class="split-row"><div class="stack tight"><h2><a href="/a/${code}">${shown(repoName(hold))}</a></h2>
<p class="small soft">${state === 'receiving' ? 'coming in, ' : elsewhere(visit, hold) ? null : html`<code>${code}</code>, `}from ${shown(clip(client.address, 80))} at ${moment(createdAt)}${state === 'waiting' ? html`, <span class="left" data-left="${Math.max(0, Math.round((expiresAt - visit.now) / 1000))}"></span>` : null}</p></div>
<a class="button" href="/a/${code}" aria-label="Look at the push to ${visible(repoName(hold))}">Look</a></div>
<div class="refs">${updates.slice(0, REFS).map((_, i) => refLine(hold, i))}</div>${updates.length > REFS ? html`<p class="small soft">and ${String(updates.length - REFS)} more refs</p>` : null}</li>`
}

function parkedRow(visit: OwnVisit, one: ParkedChange): Markup {
  const { id, change, createdAt, expiresAt } = one
  const sentence = clip(change.sentence, 200)
  return html`<li class="change-row${isCritical(change) ? ' critical' : ''}"><div class="split-row"><div class="stack tight"><h2><a href="/c/${id}">${shown(sentence)}</a></h2>
<p class="small soft">${isCritical(change) ? html`<span class="badge bad">look twice</span> ` : null}${one.state === 'signed' ? html`<span class="badge">signed, waits for others</span> ` : null}on the forge's own pages at ${moment(createdAt)}, <span class="left" data-left="${Math.max(0, Math.round((expiresAt - visit.now) / 1000))}"></span></p></div>
<a class="button" href="/c/${id}" aria-label="Look at the change: ${visible(sentence)}">Look</a></div></li>`
}

function askRow(visit: OwnVisit, ask: Ask): Markup {
  const { id, createdAt, expiresAt, requester, action } = ask
  const sentence = clip(sentenceOf(ask), 200)
  const critical = groupOf(action.verb) === 'critical'
  const name = visit.deps.identity.account(requester)?.name ?? ''
  return html`<li class="change-row${critical ? ' critical' : ''}"><div class="split-row"><div class="stack tight"><h2><a href="/countersign/${id}">${shown(sentence)}</a></h2>
<p class="small soft">${critical ? html`<span class="badge bad">look twice</span> ` : null}signed by <strong>${shown(name)}</strong> at ${moment(createdAt)}, <span class="left" data-left="${Math.max(0, Math.round((expiresAt - visit.now) / 1000))}"></span></p></div>
<a class="button" href="/countersign/${id}" aria-label="Look at what ${visible(name)} asks: ${visible(sentence)}">Look</a></div></li>`
}
