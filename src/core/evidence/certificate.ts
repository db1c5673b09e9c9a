import { fromBase64 } from '../bytes.ts'
import { NONCE_MAX_AGE_MS } from '../git/nonce.ts'
import { type CertificateText, parseCertificateText } from '../git/push-cert.ts'
import { repositoryInSshAddress } from '../git/ssh-address.ts'
import { canonicalJson, type Json } from '../ledger/canonical-json.ts'
import { verifySshsig } from '../ssh/sshsig.ts'
import { encodeField } from '../statement/percent.ts'
import { checkApproval, GIT_NAMESPACE } from './approval.ts'
import { flagsAsRecorded } from './flags.ts'
import { at, type Proven, text } from './records.ts'
import { fails, holds, type Portal, type Step } from './step.ts'

/** Between reading the clock for a nonce and for an entry, ms. */
const SKEW = 60_000
const SHOWN_REFS = 10

/**
 * The push certificate: its signature, its key and flags against the proof recorded, its lines against the updates
 * recorded, its address against the repository, its nonce against the time. `forge` is the forge's public origin.
 */
export function* certificate(intent: Proven, portal: Portal, forge: string | undefined): Generator<Step> {
  const { payload } = intent
  if (at(payload, 'statement') === null)
    return yield fails(
      'this action carried no statement: it rode on the session, and is no evidence of intent',
    )
  const statement = fromBase64(text(at(payload, 'statement', 'text')) ?? '*')
  const parsed = statement ? parseCertificateText(statement) : undefined
  if (at(payload, 'statement', 'kind') !== 'git-push-certificate' || !statement)
    return yield fails('the statement cannot be read')
  const touched = at(payload, 'statement', 'assertion') !== undefined
  const signer = touched ? signedInPortal(intent, statement, portal) : signedByGit(intent, statement)
  if (signer.outcome !== 'holds') return yield signer
  if (!parsed?.ok) return yield fails('the push certificate cannot be read')
  yield signer

  const lines: Json = parsed.value.updates.map(({ before, after, ref }) => ({
    before,
    after,
    ref: encodeField(Buffer.from(ref, 'latin1')),
  }))
  if (canonicalJson(lines) !== canonicalJson(at(payload, 'updates') ?? null))
    return yield fails('the certificate’s lines are not the updates recorded')
  if (!isOfRepository(parsed.value, payload, forge))
    return yield fails('the certificate was made for another address than this repository’s')
  yield holds(`it says: ${described(parsed.value)} at ${parsed.value.pushee ?? '?'}`)
  yield nonceInTime(parsed.value.nonce, intent.entry.time)
}

/** A certificate that the pusher's git wrote, signed by an SSH security key. */
function signedByGit({ payload }: Proven, statement: Uint8Array): Step {
  const armored = text(at(payload, 'statement', 'signature'))
  if (armored === undefined) return fails('the statement cannot be read')
  const verified = verifySshsig(armored, statement, GIT_NAMESPACE, null)
  if (!verified.ok) return fails('the signature over the push certificate does not hold')
  const { key, up, uv } = verified.value
  if (Buffer.from(key.blob).toString('base64') !== at(payload, 'device', 'publicKey'))
    return fails('the certificate is signed by another key than the device recorded')
  if (key.fingerprint !== at(payload, 'device', 'credential'))
    return fails('the device recorded has another fingerprint than its key')
  if (!flagsAsRecorded(payload, { up, uv, method: 'ssh-certificate', shown: 'none', batch: false }))
    return fails('the proof recorded is not the one in the signature')
  return holds(`${key.fingerprint} signed it (touched, ${uv ? 'with' : 'without'} PIN or biometric)`)
}

/** A certificate that the gateway wrote, signed by a passkey in the portal. */
function signedInPortal({ payload, entry }: Proven, statement: Uint8Array, portal: Portal): Step {
  const part = (...path: readonly string[]): string | undefined => text(at(payload, ...path))
  const cose = fromBase64(part('device', 'publicKey') ?? '*')
  const [credential, authenticatorData, clientDataJSON, signature] = [
    'credential',
    'authenticatorData',
    'clientDataJSON',
    'signature',
  ].map((member) => part('statement', 'assertion', member))
  const batch = at(payload, 'statement', 'batch')
  const armored = at(payload, 'statement', 'signature')
  const [name, forgeId] = [part('actor', 'name'), at(payload, 'actor', 'forgeId')]
  if (!cose || authenticatorData === undefined || clientDataJSON === undefined || signature === undefined)
    return fails('the record lacks the touch in the portal')
  if (!isTextOrNull(batch) || !isTextOrNull(armored) || name === undefined || typeof forgeId !== 'number')
    return fails('the statement cannot be read')
  if (credential !== part('device', 'credential'))
    return fails('the touch was by another passkey than the device recorded')
  const checked = checkApproval(
    {
      certificate: statement,
      batch,
      signature: armored,
      assertion: { authenticatorData, clientDataJSON, signature },
    },
    { cose, origin: portal.portal, rpId: portal.rpId, actor: { name, forgeId }, time: entry.time },
  )
  if (!checked.ok) return fails(`the touch in the portal does not hold (${checked.error})`)
  const { up, uv } = checked.value
  const shown = part('proof', 'shown') ?? '?'
  if (!flagsAsRecorded(payload, { up, uv, method: 'webauthn', shown, batch: batch !== null }))
    return fails('the proof recorded is not the one in the signature')
  return holds(
    `a passkey signed ${batch === null ? 'it' : 'a batch statement that lists it'} at ${portal.portal} (touched, ${uv ? 'with' : 'without'} PIN or biometric); the gateway says that it showed: ${shown}`,
  )
}

function isTextOrNull(value: Json | undefined): value is string | null {
  return value === null || typeof value === 'string'
}

/** The forge folds names to lower case; `.git` and a final slash are optional in what people type. */
function isOfRepository(
  { pushee }: CertificateText,
  payload: Proven['payload'],
  forge: string | undefined,
): boolean {
  const [owner, name, part] = ['owner', 'name', 'part'].map((member) => text(at(payload, 'repo', member)))
  if (pushee === null || forge === undefined || owner === undefined || name === undefined) return false
  const repository = `${owner}/${name}${part === 'wiki' ? '.wiki' : ''}`
  // Over SSH the host may be an alias of the person's own; git asks for the very path that it signs.
  if (at(payload, 'door') === 'git-ssh' && repositoryInSshAddress(pushee) === repository.toLowerCase())
    return true
  const address = `${forge}/${repository}`
  return (
    pushee
      .replace(/\/$/, '')
      .replace(/\.git$/, '')
      .toLowerCase() === address.toLowerCase()
  )
}

function described({ updates }: CertificateText): string {
  const shown = updates.slice(0, SHOWN_REFS).map(({ before, after, ref }) => {
    const name = encodeField(Buffer.from(ref, 'latin1'))
    if (/^0+$/.test(after)) return `delete ${name} (was ${before})`
    return /^0+$/.test(before) ? `make ${name} at ${after}` : `move ${name} from ${before} to ${after}`
  })
  const more = updates.length - shown.length
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}

/** A nonce carries the time it was given out, in base 36. Its MAC is the gateway's secret, and no part of the argument. */
function nonceInTime(nonce: string, time: number): Step {
  const given = /^cs1\.([0-9a-z]{1,9})\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/.exec(nonce)?.[1]
  const age = given === undefined ? Number.NaN : time - Number.parseInt(given, 36) * 1000
  return age >= -SKEW && age <= NONCE_MAX_AGE_MS + SKEW
    ? holds(`its nonce was ${Math.max(0, Math.round(age / 1000))} s old when the intent was recorded`)
    : fails('the nonce of the certificate is none that was good at that time')
}
