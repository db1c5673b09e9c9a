import type { Account, SessionId } from '../../core/identity.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { COUNTERSIGN, countersignFields } from '../../core/statement/countersign.ts'
import { statementResource } from '../../flow/statement-resource.ts'
import type { Ask, May } from '../../hold/asks.ts'
import { clip, visible } from '../display.ts'
import { readFields } from '../fields.ts'
import { json, me, type OwnVisit, page, refuse, see } from '../visit.ts'
import { askBody } from './countersign-body.ts'
import { isUnderWay, sentenceOf } from './countersign-words.ts'
import { ALL, GLANCE, lookAt, type Room } from './hold-look.ts'
import type { Seen } from './hold-seen.ts'
import { assertionOf } from './hold-steps.ts'
import type { createLargePages } from './large-pages.ts'
import { createMergeLooks } from './merge-look.ts'
import { listVersion } from './pending.ts'
import { NO_COOKIE } from './sign-in.ts'

const NOT_HERE = refusal(
  'not-found',
  'Nothing waits for you under this address.',
  'Look at what waits, or ask whoever sent you the address.',
)
const NO_LONGER = refusal('proof-invalid', 'This waits for nobody any more.', 'Look at what became of it.')
const USED = refusal(
  'proof-invalid',
  'This confirmation is used, too old, or for something else.',
  'Try again from the page.',
)
const NOT_YOURS = refusal(
  'denied',
  'Whoever cannot countersign this cannot refuse it.',
  'Tell whoever asks for it.',
)
const BEGUN_AT_MOST = 1000

type Step = (visit: OwnVisit) => Response | Promise<Response>
type Found = { readonly ask: Ask; readonly may: May; readonly requester: Account }

/** The page of what somebody else signed, and the two answers to it. */
export function createCountersignSteps(
  seen: Seen,
  large: ReturnType<typeof createLargePages>,
): Record<'show' | 'all' | 'begin' | 'approve' | 'refuse', Step> {
  /** Which ask of which session a ceremony was begun for. */
  const begun = new Map<string, { readonly session: SessionId; readonly ask: string }>()

  const looks = createMergeLooks()

  async function show(visit: OwnVisit, room: Room): Promise<Response> {
    const found = await asked(visit)
    if (!found.ok) return refuse(visit, found.error)
    const { ask, may, requester } = found.value
    const { subject } = ask
    const merge = subject.kind === 'change' && !ask.over ? await looks(subject.parked, room) : undefined
    const landing = subject.kind === 'push' && !ask.over ? subject.hold.landing : undefined
    const look = subject.kind === 'push' && landing ? await lookAt(subject.hold, landing, room) : undefined
    seen.note(visit.person.session.id, ask.id, look?.whole ?? 'refs')
    const version = listVersion(visit)
    return page(visit, {
      title: `Countersign: ${visible(clip(sentenceOf(ask), 80))}`,
      body: askBody(visit, { ask, may, requester, look, room, version, ...(merge && { merge }) }),
      wide: merge !== undefined || subject.kind === 'push',
      here: '/pending',
      ...((!ask.over || isUnderWay(ask)) && { script: 'change.ts' }),
    })
  }

  async function begin(visit: OwnVisit): Promise<Result<object, Refusal>> {
    const fields = await readFields(visit.request, {})
    if (!fields.ok) return fields
    if (visit.pre === undefined) return err(NO_COOKIE)
    const found = await asked(visit)
    if (!found.ok) return found
    const { ask, may, requester } = found.value
    if (ask.over) return err(NO_LONGER)
    const begins = await visit.deps.ceremonies.beginApproval(
      visit.pre,
      me(visit).id,
      {
        action: COUNTERSIGN,
        resource: statementResource(ask.action.resource),
        fields: countersignFields(ask.signed, ask.action.verb, requester),
        until: ask.expiresAt,
      },
      undefined,
      may.ways.map(({ device }) => device.id),
    )
    if (!begins.ok) return begins
    if (begun.size >= BEGUN_AT_MOST) begun.delete(begun.keys().next().value!)
    begun.set(begins.value.id, { session: visit.person.session.id, ask: ask.id })
    return begins
  }

  async function approve(visit: OwnVisit): Promise<Result<object, Refusal>> {
    const { deps, pre } = visit
    const fields = await readFields(visit.request, { id: 43, credential: 'object' })
    if (!fields.ok) return fields
    if (pre === undefined) return err(NO_COOKIE)
    const found = await asked(visit)
    if (!found.ok) return found
    const { ask } = found.value
    const { id, credential } = fields.value
    const which = begun.get(id)
    begun.delete(id)
    const session = visit.person.session.id
    if (which?.session !== session || which.ask !== ask.id) return err(USED)
    const shown = ask.subject.kind === 'change' ? 'fields' : seen.of(session, ask.id)
    if (shown === undefined) return err(USED)
    const signed = await deps.ceremonies.finishApproval(pre, me(visit).id, id, credential)
    if (!signed.ok) return signed
    const { device, evidence } = signed.value
    const refused = await ask.countersign({
      account: me(visit).id,
      device,
      shown,
      text: evidence['statement'] ?? '',
      signature: evidence['sshsig'] ?? null,
      assertion: assertionOf(evidence),
    })
    return refused ? err(refused) : ok({ next: `/countersign/${ask.id}` })
  }

  const answered =
    (step: (visit: OwnVisit) => Promise<Result<object, Refusal>>): Step =>
    async (visit) => {
      const done = await step(visit)
      return done.ok ? json(done.value) : refuse(visit, done.error)
    }
  return {
    show: (visit) => show(visit, GLANCE),
    all: (visit) => large(visit, () => show(visit, ALL)),
    begin: answered(begin),
    approve: answered(approve),
    async refuse(visit) {
      const fields = await readFields(visit.request, { why: 300 })
      if (!fields.ok) return refuse(visit, fields.error)
      const found = await asked(visit)
      if (!found.ok) return refuse(visit, found.error)
      const { ask, may } = found.value
      if (may.ways.length === 0) return refuse(visit, NOT_YOURS)
      const refused = await ask.decline(me(visit).id, fields.value.why.trim())
      return refused ? refuse(visit, refused) : see(`/countersign/${ask.id}`)
    },
  }
}

/** Unknown ones, the requester's own, and those that are nobody's business here look alike. */
async function asked({ deps, params, person }: OwnVisit): Promise<Result<Found, Refusal>> {
  const found = await deps.asks.byId(person.principal.account.id, params['id'] ?? '')
  const requester = found && deps.identity.account(found.ask.requester)
  return found && requester ? ok({ ...found, requester }) : err(NOT_HERE)
}
