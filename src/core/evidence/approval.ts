import { sha256Hex } from '../crypto.ts'
import { heldPusher } from '../git/held-certificate.ts'
import { parseCertificateText } from '../git/push-cert.ts'
import { err, ok, type Result } from '../result.ts'
import { signedData } from '../ssh/sshsig.ts'
import { parseStatement, STATEMENT_NAMESPACE } from '../statement/statement.ts'
import {
  type AssertedFlags,
  type AssertionFault,
  checkAssertion,
  type RecordedAssertion,
} from './assertion.ts'
import { sameInSsh } from './ssh-form.ts'

/** Namespace of git's signatures. */
export const GIT_NAMESPACE = 'git'

/** A touch in the portal on the certificate that the gateway wrote for a held push. */
export interface RecordedApproval {
  /** The certificate's text. */
  readonly certificate: Uint8Array
  /** The batch statement that was signed in its place, or null. */
  readonly batch: string | null
  /** Armored SSHSIG of the same signature; null where OpenSSH has no algorithm for the key. */
  readonly signature: string | null
  readonly assertion: RecordedAssertion
}

export interface ExpectedApproval {
  /** COSE_Key of the device. */
  readonly cose: Uint8Array
  /** Portal origin, and its RP ID. */
  readonly origin: string
  readonly rpId: string
  readonly actor: { readonly name: string; readonly forgeId: number }
  /** When it was given, unix ms: a batch statement has an end. */
  readonly time: number
}

export type ApprovalFault = AssertionFault | 'not-written-by-the-gateway' | 'not-in-batch' | 'ssh-form'

/** Between the clock that a statement is dated by and the one of the record, ms. */
const SKEW = 60_000

/**
 * Check an approval against what it must be: the certificate is one that this portal wrote for this account; what was signed
 * is the SSHSIG to-be-signed blob of it, or of a batch statement of this account that lists it; the raw assertion holds, and
 * its SSH form, where there is one, is the same key and signature. UP and UV are the caller's to judge.
 */
export function checkApproval(
  { certificate, batch, signature, assertion }: RecordedApproval,
  expected: ExpectedApproval,
): Result<AssertedFlags, ApprovalFault> {
  const { cose, origin, rpId, actor } = expected
  const parsed = parseCertificateText(certificate)
  const pusher = parsed.ok ? heldPusher(parsed.value) : undefined
  if (pusher?.portal !== origin || pusher.name !== actor.name) return err('not-written-by-the-gateway')
  if (batch !== null && !listedIn(batch, certificate, expected)) return err('not-in-batch')
  const [namespace, signed] =
    batch === null ? [GIT_NAMESPACE, certificate] : [STATEMENT_NAMESPACE, Buffer.from(batch)]
  const challenge = signedData(namespace, 'sha512', signed)
  const checked = checkAssertion(assertion, { cose, challenge, origin, rpId })
  if (!checked.ok) return checked
  return sameInSsh(signature, signed, namespace, { ...expected, ...checked.value })
    ? ok(checked.value)
    : err('ssh-form')
}

function listedIn(
  batch: string,
  certificate: Uint8Array,
  { origin, actor, time }: ExpectedApproval,
): boolean {
  const parsed = parseStatement(batch)
  if (!parsed.ok) return false
  const { value: statement } = parsed
  return (
    statement.action === 'push.batch' &&
    statement.origin === origin &&
    statement.actor.name === actor.name &&
    statement.actor.forgeId === actor.forgeId &&
    time >= statement.issued - SKEW &&
    time <= statement.expires + SKEW &&
    statement.fields.some(([key, value]) => key === 'item' && value === `sha256:${sha256Hex(certificate)}`)
  )
}
