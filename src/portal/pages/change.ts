import type { SessionId } from '../../core/identity.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { statementResource } from '../../flow/statement-resource.ts'
import type { ParkedChange } from '../../hold/parked-changes.ts'
import { clip, visible } from '../display.ts'
import { readFields } from '../fields.ts'
import { json, me, type OwnVisit, page, refuse, see } from '../visit.ts'
import { changeBody } from './change-body.ts'
import { CHANGE_TELLING, wayBack } from './change-words.ts'
import { ALL, GLANCE, type Room } from './hold-look.ts'
import { assertionOf } from './hold-steps.ts'
import type { createLargePages } from './large-pages.ts'
import { createMergeLooks } from './merge-look.ts'
import { listVersion } from './pending.ts'
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
export function createChangeSteps(
  large: ReturnType<typeof createLargePages>,
): Record<'show' | 'all' | 'begin' | 'approve' | 'refuse', Step> {
  /** Which change of which session a ceremony was begun for. */
  const begun = new Map<string, { readonly session: SessionId; readonly change: string }>()

  const looks = createMergeLooks()

  async function show(visit: OwnVisit, room: Room): Promise<Response> {
    const found = parked(visit)
    if (!found.ok) return refuse(visit, found.error)
    const { title, over } = CHANGE_TELLING[found.value.state]
    const merge = over ? undefined : await looks(found.value, room)
    const sentence = visible(clip(found.value.change.sentence, 80))
    return page(visit, {
      title: title === null ? sentence : `${title}: ${sentence}`,
      body: changeBody(visit, found.value, listVersion(visit), merge),
      ...(found.value.merge && { wide: true }),
      here: '/pending',
      ...(!over && { script: 'change.ts' }),
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
        ...(one.people > 0 && { until: visit.now + one.life }),
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
    if (refused) return err(refused)
    // What waits for others is not at the forge yet: its own page says whom to ask.
    const waits = one.state === 'signed'
    return ok({ next: waits ? `${deps.origin}/c/${one.id}` : `${deps.forgeOrigin}${wayBack(one)}` })
  }

  return {
    show: (visit) => show(visit, GLANCE),
    all: (visit) => large(visit, () => show(visit, ALL)),
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
