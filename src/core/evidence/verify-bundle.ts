import type { Checkpoint } from '../ledger/checkpoint.ts'
import { parseCheckpoint } from '../ledger/checkpoint.ts'
import { parseNote, parseVkey, signedBy } from '../ledger/note.ts'
import { admission } from './admission.ts'
import type { Bundle } from './bundle.ts'
import { certificate } from './certificate.ts'
import { change } from './change.ts'
import { countersigns } from './countersigns.ts'
import { at, list, type Proven, proveEntry, text } from './records.ts'
import { standing } from './standing.ts'
import { fails, holds, notCheckable, type Step } from './step.ts'
import type { Trust } from './trust.ts'

export interface Verification {
  /** `trusted` only against pinned values; `self-consistent` says nothing about who wrote it. */
  readonly verdict: 'trusted' | 'self-consistent' | 'invalid'
  /** The argument, in order, ending at the first step that fails. */
  readonly steps: readonly Step[]
  /** What no bundle can show. */
  readonly cannotProve: readonly string[]
}

export const CANNOT_PROVE = [
  'that the device was not revoked before: a log shows what was written, not what was left out of this file',
  'who held the invitation or recovery link that admitted the first device: that is the gateway’s word',
  'that the ledger shows everybody the same history: that takes witnesses',
  'the exact time: the times are the gateway’s word',
  'what the person saw before the touch, beyond what the proof says was shown',
] as const

/**
 * The argument from a pinned ledger key to "this person's key signed this push". Pure; needs no network, no clock and
 * nothing of the server. `trust` undefined: only whether the bundle agrees with itself. Never throws.
 */
export function verifyBundle(bundle: Bundle, trust: Trust | undefined): Verification {
  const steps: Step[] = []
  for (const step of argument(bundle, trust)) {
    steps.push({ ...step, say: printable(step.say) })
    if (step.outcome === 'fails') return { verdict: 'invalid', steps, cannotProve: CANNOT_PROVE }
  }
  return { verdict: trust ? 'trusted' : 'self-consistent', steps, cannotProve: CANNOT_PROVE }
}

function* argument(bundle: Bundle, trust: Trust | undefined): Generator<Step> {
  const checkpoint = signedCheckpoint(bundle, trust)
  if (typeof checkpoint === 'string') return yield fails(checkpoint)
  yield holds(`the checkpoint over ${checkpoint.size} entries is signed by ${checkpoint.origin}`)

  const proven: Proven[] = []
  for (const item of bundle.entries) {
    const one = proveEntry(item, checkpoint.size, checkpoint.root)
    if (!one.ok) return yield fails(one.error)
    proven.push(one.value)
  }
  yield holds(`all ${proven.length} entries are in that tree, each with the payload it committed to`)

  const start = proven.findLast(
    ({ entry, index }) => entry.type === 'gateway.start' && index < bundle.subject,
  )
  const [portal, rpId] = ['portal', 'rpId'].map((member) => text(at(start?.payload, member)))
  if (portal === undefined || rpId === undefined) return yield fails('no entry says which portal this was')
  if (trust && !trust.portal.includes(portal)) return yield fails(`the portal ${portal} is not a pinned one`)
  if (trust && !trust.rpId.includes(rpId)) return yield fails(`the RP ID ${rpId} is not a pinned one`)
  yield holds(`the gateway ran as ${portal} with RP ID ${rpId}`)

  const intent = proven.find(({ index }) => index === bundle.subject)
  if (intent?.entry.type !== 'intent') return yield fails('the subject is not an intent')
  if (!intent.payload)
    return yield fails('the payload of the intent was erased: there is nothing left to check')
  if (at(intent.payload, 'statement', 'kind') === 'statement') yield change(intent, { portal, rpId })
  else yield* certificate(intent, { portal, rpId }, text(at(start?.payload, 'forge')))
  yield* admission(proven, intent, { portal, rpId })
  yield standing(proven, intent)
  yield* countersigns(proven, intent, { portal, rpId })
  yield outcome(proven, intent)
  const report = at(intent.payload, 'would') !== undefined
  if (report)
    yield notCheckable(
      'it passed where nothing was enforced (report-only), which policy alone would have stopped',
    )
  yield notCheckable(
    `policy ${text(at(intent.payload, 'policy', 'digest')) ?? '?'} allowed it by: ${list(at(intent.payload, 'policy', 'allowed'))}`,
  )
}

/** The tree head, when its note is signed by the bundle's key and that key is a pinned one; else what is wrong. */
function signedCheckpoint({ vkey, checkpoint }: Bundle, trust: Trust | undefined): Checkpoint | string {
  const verifier = parseVkey(vkey)
  const note = parseNote(checkpoint)
  if (!verifier.ok || !note.ok) return 'the ledger key or the checkpoint cannot be read'
  if (trust && !trust.ledger.includes(vkey)) return 'the ledger key is not a pinned one'
  if (!signedBy(note.value, verifier.value)) return 'the checkpoint is not signed by the ledger key'
  const parsed = parseCheckpoint(note.value.text)
  return parsed.ok && parsed.value.origin === verifier.value.name
    ? parsed.value
    : 'the checkpoint is of another log'
}

function outcome(proven: readonly Proven[], intent: Proven): Step {
  const found = proven.find(
    ({ index, entry, payload }) =>
      index > intent.index && entry.type === 'outcome' && at(payload, 'intent') === intent.index,
  )
  return found
    ? holds(
        `the forge's answer was recorded as ${text(at(found.payload, 'result')) ?? '?'}, known by ${text(at(found.payload, 'settledBy')) ?? '?'}`,
      )
    : notCheckable('what the forge answered is not in this bundle')
}

/** What others wrote cannot forge lines of ours, or turn them around, on a terminal. */
function printable(say: string): string {
  return say.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`)
}
