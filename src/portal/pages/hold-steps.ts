import type { SessionId } from '../../core/identity.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Hold } from '../../hold/holds.ts'
import { sameNetwork } from '../../hold/same-network.ts'
import { visible } from '../display.ts'
import { readFields } from '../fields.ts'
import type { Live } from '../live.ts'
import { json, me, type OwnVisit, page, refuse, see } from '../visit.ts'
import { holdBody, versionOf } from './hold.ts'
import { ALL, GLANCE, lookAt, type Room } from './hold-look.ts'
import type { Seen } from './hold-seen.ts'
import { repoName, telling } from './hold-words.ts'
import type { createLargePages } from './large-pages.ts'
import { NO_COOKIE } from './sign-in.ts'

const NOT_HERE = refusal(
  'not-found',
  'You have no held push of that code.',
  'Check the code in your terminal. A push that ended is forgotten after some minutes.',
)
const TOO_MANY = refusal(
  'rate-limited',
  'Too many codes that were none of yours.',
  'Wait a minute, then try again.',
)
const NOT_THE_CODE = refusal(
  'proof-invalid',
  'That is not the code of this push.',
  'Type the code that your terminal shows. If it shows none, this push is not yours: refuse it.',
)
const NO_LONGER = refusal('proof-invalid', 'This push waits no longer.', 'Look at what became of it.')
const NOT_SEEN = refusal(
  'proof-invalid',
  'This push was not shown to you yet.',
  'Open its page and look at it first.',
)
const USED = refusal(
  'proof-invalid',
  'This confirmation is used, too old, or for another push.',
  'Try again from the page.',
)
const BEGUN_AT_MOST = 1000

type Step = (visit: OwnVisit) => Response | Promise<Response>

/** The page of a held push, what it listens to, and the three answers that it takes. */
export function createHoldSteps(
  seen: Seen,
  live: Live,
  large: ReturnType<typeof createLargePages>,
): Record<'show' | 'all' | 'events' | 'state' | 'begin' | 'approve' | 'refuse', Step> {
  /** Which push of which session a ceremony was begun for. */
  const begun = new Map<string, { readonly session: SessionId; readonly code: string }>()

  const show =
    (room: Room) =>
    async (visit: OwnVisit): Promise<Response> => {
      const found = held(visit)
      if (!found.ok) return refuse(visit, found.error)
      const hold = found.value
      const { landing } = hold
      const over = telling(hold.state).over
      const look = landing && !over ? await lookAt(hold, landing, room) : undefined
      const level = seen.note(visit.person.session.id, hold.code, look?.whole ?? 'refs')
      const body = holdBody(visit, { hold, look, room, seen: level, elsewhere: elsewhere(visit, hold) })
      return page(visit, {
        title: `${telling(hold.state).title}: ${visible(repoName(hold))}`,
        body,
        wide: true,
        here: '/pending',
        script: 'hold.ts',
      })
    }

  async function begin(visit: OwnVisit): Promise<Response> {
    const fields = await readFields(visit.request, {})
    if (!fields.ok) return refuse(visit, fields.error)
    if (visit.pre === undefined) return refuse(visit, NO_COOKIE)
    const found = held(visit)
    if (!found.ok) return refuse(visit, found.error)
    const hold = found.value
    if (hold.state !== 'waiting') return refuse(visit, NO_LONGER)
    const session = visit.person.session.id
    const shown = seen.of(session, hold.code)
    if (shown === undefined) return refuse(visit, NOT_SEEN)
    const asked = visit.deps.ceremonies.beginPush(visit.pre, me(visit).id, {
      certificate: hold.certificate,
      ways: hold.ways(shown, false),
      until: hold.expiresAt,
    })
    if (!asked.ok) return refuse(visit, asked.error)
    if (begun.size >= BEGUN_AT_MOST) begun.delete(begun.keys().next().value!)
    begun.set(asked.value.id, { session, code: hold.code })
    return json({ ...asked.value, shown })
  }

  async function approve(visit: OwnVisit): Promise<Result<{ state: string }, Refusal>> {
    const { deps, now, pre } = visit
    // A page that was served for one network may be used from another: `typed` may be there or not.
    const copy = visit.request.clone()
    const withCode = await readFields(visit.request, { id: 43, credential: 'object', typed: 40 })
    const fields = withCode.ok ? withCode : await readFields(copy, { id: 43, credential: 'object' })
    if (!fields.ok) return fields
    if (pre === undefined) return err(NO_COOKIE)
    const found = held(visit)
    if (!found.ok) return found
    const hold = found.value
    const { id, credential } = fields.value
    const session = visit.person.session.id
    const asked = begun.get(id)
    begun.delete(id)
    if (asked?.session !== session || asked.code !== hold.code) return err(USED)
    const shown = seen.of(session, hold.code)
    if (shown === undefined) return err(NOT_SEEN)
    if (elsewhere(visit, hold)) {
      const limit = `typed ${me(visit).id}`
      if (!deps.limiter.mayTry(limit, now)) return err(TOO_MANY)
      const typed = withCode.ok ? deps.holds.byCode(me(visit).id, withCode.value.typed) : undefined
      if (typed?.code !== hold.code) {
        deps.limiter.failed(limit, now)
        return err(NOT_THE_CODE)
      }
    }
    const signed = await deps.ceremonies.finishPush(pre, me(visit).id, id, credential)
    if (!signed.ok) return signed
    const { device, evidence, sshsig } = signed.value
    const refused = hold.approve({
      device,
      shown,
      batch: null,
      signature: sshsig,
      assertion: assertionOf(evidence),
    })
    return refused ? err(refused) : ok({ state: hold.state })
  }

  return {
    show: show(GLANCE),
    all: (visit) => large(visit, () => show(ALL)(visit)),
    events(visit) {
      const found = held(visit)
      if (!found.ok) return refuse(visit, found.error)
      const hold = found.value
      return live.stream(
        visit,
        (changed) => visit.deps.holds.watch(hold.account, changed),
        () => ({ now: { version: versionOf(hold) }, over: telling(hold.state).over }),
      )
    },
    state(visit) {
      const found = held(visit)
      if (!found.ok) return refuse(visit, found.error)
      const { state } = found.value
      return json({ version: versionOf(found.value), state, over: telling(state).over })
    },
    begin,
    async approve(visit) {
      const done = await approve(visit)
      return done.ok ? json(done.value) : refuse(visit, done.error)
    },
    async refuse(visit) {
      const fields = await readFields(visit.request, { why: 300 })
      if (!fields.ok) return refuse(visit, fields.error)
      const found = held(visit)
      if (!found.ok) return refuse(visit, found.error)
      const refused = found.value.refuse(fields.value.why)
      return refused ? refuse(visit, refused) : see(`/a/${found.value.code}`)
    },
  }
}

/** The hold that the address names. Unknown, misspelt and other people's codes look alike, and cost the limiter. */
function held(visit: OwnVisit): Result<Hold, Refusal> {
  const { deps, params, now } = visit
  const account = me(visit).id
  const limit = `code ${account}`
  if (!deps.limiter.mayTry(limit, now)) return err(TOO_MANY)
  const hold = deps.holds.byCode(account, params['code'] ?? '')
  if (hold) return ok(hold)
  deps.limiter.failed(limit, now)
  return err(NOT_HERE)
}

/** Whether the push comes from another network than this browser: then the person shows that the terminal is theirs, too. */
export function elsewhere({ address }: OwnVisit, { client }: Hold): boolean {
  return !sameNetwork(address, client.address)
}

/** The raw assertion, as the ceremonies keep it. */
export function assertionOf(evidence: { readonly [key: string]: string }): {
  credential: string
  authenticatorData: string
  clientDataJSON: string
  signature: string
} {
  const { credential = '', authenticatorData = '', clientDataJSON = '', signature = '' } = evidence
  return { credential, authenticatorData, clientDataJSON, signature }
}
