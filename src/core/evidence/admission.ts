import { admittedBy, keyWasHeld } from './admitted-by.ts'
import { at, type Proven, text } from './records.ts'
import { fails, holds, type Portal, type Step } from './step.ts'

/** More devices than anybody has admitted one another. */
const LONGEST = 100

/**
 * How the signing device came to speak for the account: back through the devices that admitted one another, each by a
 * signed statement, to the link that admitted the first.
 */
export function* admission(proven: readonly Proven[], intent: Proven, portal: Portal): Generator<Step> {
  const forgeId = at(intent.payload, 'actor', 'forgeId')
  const key = text(at(intent.payload, 'device', 'publicKey'))
  let id = text(at(intent.payload, 'device', 'id'))
  let before = intent.index
  for (let depth = 0; depth < LONGEST; depth++) {
    const enrolment = enrolmentOf(proven, id, before)
    if (!enrolment) return yield fails(`nothing shows how device ${id ?? '?'} was enrolled`)
    const name = text(at(enrolment.payload, 'device', 'name')) ?? '?'
    if (depth === 0 && (key === undefined || text(at(enrolment.payload, 'device', 'publicKey')) !== key))
      return yield fails(`device "${name}" was enrolled with another key`)
    if (!sameAccount(enrolment, intent))
      return yield fails(`device "${name}" was enrolled for another account`)
    const held = keyWasHeld(enrolment)
    if (held) yield held
    const [how, by] = enrolledBy(enrolment)
    if (how === 'invitation' || how === 'recovery') return yield link(proven, enrolment, intent, how, by)
    const admitting = how === 'device' ? enrolmentOf(proven, by, enrolment.index) : undefined
    if (!admitting) return yield fails(`nothing shows what admitted device "${name}"`)
    yield admittedBy(enrolment, admitting, portal)
    id = by
    before = enrolment.index
  }
  yield fails(`the chain of devices of forge user ${String(forgeId)} is too long`)
}

function enrolmentOf(proven: readonly Proven[], id: string | undefined, before: number): Proven | undefined {
  return proven.find(
    ({ index, entry, payload }) =>
      id !== undefined &&
      entry.type === 'device.enrol' &&
      index < before &&
      text(at(payload, 'device', 'id')) === id,
  )
}

/** Account id and the forge's user id both: the account is bound to it once. */
function sameAccount({ payload }: Proven, { payload: intent }: Proven): boolean {
  const [id, forgeId] = [text(at(intent, 'actor', 'account')), at(intent, 'actor', 'forgeId')]
  return (
    id !== undefined &&
    typeof forgeId === 'number' &&
    at(payload, 'account', 'id') === id &&
    at(payload, 'account', 'forgeId') === forgeId
  )
}

/** What `enrolledBy` says: `invitation:ID`, `device:ID` or `recovery:ID`. */
export function enrolledBy({ payload }: Pick<Proven, 'payload'>): [how: string, by: string | undefined] {
  const said = text(at(payload, 'enrolledBy')) ?? ''
  const colon = said.indexOf(':')
  return colon === -1 ? [said, undefined] : [said.slice(0, colon), said.slice(colon + 1)]
}

function link(
  proven: readonly Proven[],
  enrolment: Proven,
  intent: Proven,
  how: 'invitation' | 'recovery',
  id: string | undefined,
): Step {
  const name = text(at(enrolment.payload, 'device', 'name')) ?? '?'
  const found = proven.find(
    ({ index, entry, payload }) =>
      id !== undefined &&
      index < enrolment.index &&
      entry.type === `${how}.create` &&
      text(at(payload, 'id')) === id,
  )
  if (!found || !sameAccount(found, intent))
    return fails(`nothing shows the ${how} that admitted device "${name}"`)
  const by = text(at(found.payload, 'by')) ?? '?'
  return holds(
    `device "${name}" was admitted by ${how === 'recovery' ? 'a recovery' : 'an invitation'}, made by ${by}`,
  )
}
