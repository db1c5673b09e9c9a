import { fromBase64 } from '../bytes.ts'
import { parsePushCertificate } from '../git/push-cert.ts'
import type { Json } from '../ledger/canonical-json.ts'
import { parseCheckpoint } from '../ledger/checkpoint.ts'
import { parseNote, parseVkey, signedBy } from '../ledger/note.ts'
import { verifySshsig } from '../ssh/sshsig.ts'
import { encodeField } from '../statement/percent.ts'
import { admission } from './admission.ts'
import type { Bundle } from './bundle.ts'
import { at, type Proven, proveEntry, text } from './records.ts'
import type { Trust } from './trust.ts'

export interface Step {
  readonly outcome: 'holds' | 'fails' | 'not-checkable'
  readonly say: string
}

export interface Verification {
  /** `trusted` only against pinned values; `self-consistent` says nothing about who wrote it. */
  readonly verdict: 'trusted' | 'self-consistent' | 'invalid'
  /** The argument, in order. */
  readonly steps: readonly Step[]
  /** What no bundle can show. */
  readonly cannotProve: readonly string[]
}

export const CANNOT_PROVE = [
  'that the device was not revoked before: a log shows what was written, not what was left out of this file',
  'that the ledger shows everybody the same history: that takes witnesses',
  'the exact time: the times are the gateway’s word',
  'what the person saw before the touch, beyond what the proof says was shown',
] as const

/**
 * The argument from a pinned ledger key to "this person's key signed this push". Pure; needs no network, no clock and
 * nothing of the server. `trust` undefined: only whether the bundle agrees with itself.
 */
export function verifyBundle(bundle: Bundle, trust: Trust | undefined): Verification {
  const steps: Step[] = []
  const holds = (say: string): void => void steps.push({ outcome: 'holds', say })
  const unknown = (say: string): void => void steps.push({ outcome: 'not-checkable', say })
  const invalid = (say: string): Verification => ({
    verdict: 'invalid',
    steps: [...steps, { outcome: 'fails', say }],
    cannotProve: CANNOT_PROVE,
  })

  const verifier = parseVkey(bundle.vkey)
  const note = parseNote(bundle.checkpoint)
  if (!verifier.ok || !note.ok) return invalid('the ledger key or the checkpoint cannot be read')
  if (trust && !trust.ledger.includes(bundle.vkey)) return invalid('the ledger key is not a pinned one')
  if (!signedBy(note.value, verifier.value)) return invalid('the checkpoint is not signed by the ledger key')
  const checkpoint = parseCheckpoint(note.value.text)
  if (!checkpoint.ok || checkpoint.value.origin !== verifier.value.name)
    return invalid('the checkpoint is of another log')
  holds(`the checkpoint over ${checkpoint.value.size} entries is signed by ${verifier.value.name}`)

  const proven: Proven[] = []
  for (const item of bundle.entries) {
    const one = proveEntry(item, checkpoint.value.size, checkpoint.value.root)
    if (!one.ok) return invalid(one.error)
    proven.push(one.value)
  }
  holds(`all ${proven.length} entries are in that tree, each with the payload it committed to`)

  const start = proven
    .filter(({ entry, index }) => entry.type === 'gateway.start' && index < bundle.subject)
    .at(-1)
  const portal = text(at(start?.payload, 'portal'))
  const rpId = text(at(start?.payload, 'rpId'))
  if (portal === undefined || rpId === undefined) return invalid('no entry says which portal this was')
  if (trust && !trust.portal.includes(portal)) return invalid(`the portal ${portal} is not a pinned one`)
  if (trust && !trust.rpId.includes(rpId)) return invalid(`the RP ID ${rpId} is not a pinned one`)
  holds(`the gateway ran as ${portal} with RP ID ${rpId}`)

  const intent = proven.find(({ index }) => index === bundle.subject)
  if (intent?.entry.type !== 'intent') return invalid('the subject is not an intent')
  if (!intent.payload) return invalid('the payload of the intent was erased: there is nothing left to check')
  const signed = checkStatement(intent.payload)
  if (typeof signed === 'string') return invalid(signed)
  holds(signed.say)

  for (const step of admission(proven, intent, { portal, rpId })) {
    if (step.outcome === 'fails') return invalid(step.say)
    steps.push(step)
  }
  const outcome = proven.find(
    ({ entry, payload }) => entry.type === 'outcome' && at(payload, 'intent') === bundle.subject,
  )
  if (outcome)
    holds(
      `the forge's answer was recorded as ${text(at(outcome.payload, 'result')) ?? 'erased'} (${text(at(outcome.payload, 'settledBy')) ?? '?'})`,
    )
  else unknown('no outcome is in this bundle')
  unknown(
    `policy ${text(at(intent.payload, 'policy', 'digest')) ?? '?'} was in force, and allowed it by: ${list(at(intent.payload, 'policy', 'allowed'))}`,
  )
  return { verdict: trust ? 'trusted' : 'self-consistent', steps, cannotProve: CANNOT_PROVE }
}

/** The signature over the statement, its flags against the recorded proof, and its lines against the recorded updates. */
function checkStatement(payload: { readonly [key: string]: Json }): { say: string } | string {
  if (at(payload, 'statement') === null)
    return 'this action carried no statement: it rode on the session, and is no evidence of intent'
  const statement = fromBase64(text(at(payload, 'statement', 'text')) ?? '*')
  const signature = text(at(payload, 'statement', 'signature'))
  if (
    text(at(payload, 'statement', 'kind')) !== 'git-push-certificate' ||
    !statement ||
    signature === undefined
  )
    return 'the statement cannot be read'
  const verified = verifySshsig(signature, statement, 'git', null)
  if (!verified.ok) return 'the signature over the push certificate does not hold'
  const { key, up, uv } = verified.value
  if (Buffer.from(key.blob).toString('base64') !== text(at(payload, 'device', 'publicKey')))
    return 'the certificate is signed by another key than the device recorded'
  if (!up || at(payload, 'proof', 'up') !== up || at(payload, 'proof', 'uv') !== uv)
    return 'the flags in the signature are not the ones recorded'
  const certificate = parsePushCertificate(Buffer.concat([statement, Buffer.from(signature)]))
  if (!certificate.ok) return 'the push certificate cannot be read'
  const lines = certificate.value.updates.map(({ before, after, ref }) => ({
    after,
    before,
    ref: encodeField(Buffer.from(ref, 'latin1')),
  }))
  if (JSON.stringify(lines) !== JSON.stringify(at(payload, 'updates')))
    return 'the certificate’s lines are not the updates recorded'
  const refs = lines.map(({ ref }) => ref).join(', ')
  return {
    say: `${key.fingerprint} (touched${uv ? ', with PIN' : ', no PIN'}) signed the push of ${refs} to ${certificate.value.pushee ?? 'no address'}`,
  }
}

function list(value: Json | undefined): string {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string').join('; ') : '?'
}
