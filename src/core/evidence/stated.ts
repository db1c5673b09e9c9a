import { err, ok, type Result } from '../result.ts'
import { signedData } from '../ssh/sshsig.ts'
import {
  parseStatement,
  STATEMENT_NAMESPACE,
  type Statement,
  type StatementResource,
} from '../statement/statement.ts'
import {
  type AssertedFlags,
  type AssertionFault,
  checkAssertion,
  type RecordedAssertion,
} from './assertion.ts'
import { sameInSsh } from './ssh-form.ts'

/** A change that somebody signed in the portal, as the record keeps it. */
export interface RecordedStatement {
  readonly text: string
  /** Armored SSHSIG of the same signature; null where OpenSSH has no algorithm for the key. */
  readonly signature: string | null
  readonly assertion: RecordedAssertion
}

/** Who must have agreed to what, where and when. */
export interface ExpectedStatement {
  /** COSE_Key of the device. */
  readonly cose: Uint8Array
  readonly origin: string
  readonly rpId: string
  readonly actor: Statement['actor']
  readonly action: string
  readonly resource: StatementResource | null
  readonly fields: Statement['fields']
  /** Unix ms. */
  readonly time: number
}

export type StatementFault =
  | AssertionFault
  | 'no-statement'
  | 'another-actor'
  | 'another-change'
  | 'another-time'
  | 'ssh-form'

/** Between the clock that a statement is dated by and the one of the record, ms. */
const SKEW = 60_000

/**
 * Check that a statement says exactly this change, by this person at this portal and time, and that its raw assertion, and
 * its SSH form where there is one, are by the device. UP and UV are the caller's to judge.
 */
export function checkStatement(
  { text, signature, assertion }: RecordedStatement,
  expected: ExpectedStatement,
): Result<AssertedFlags & { readonly statement: Statement }, StatementFault> {
  const parsed = parseStatement(text)
  if (!parsed.ok) return err('no-statement')
  const { value: statement } = parsed
  const { actor, cose, origin, rpId, time } = expected
  if (
    statement.origin !== origin ||
    statement.actor.name !== actor.name ||
    statement.actor.forgeId !== actor.forgeId
  )
    return err('another-actor')
  if (!sameChange(statement, expected)) return err('another-change')
  if (time < statement.issued - SKEW || time > statement.expires + SKEW) return err('another-time')
  const signed = Buffer.from(text)
  const challenge = signedData(STATEMENT_NAMESPACE, 'sha512', signed)
  const checked = checkAssertion(assertion, { cose, challenge, origin, rpId })
  if (!checked.ok) return checked
  if (!sameInSsh(signature, signed, STATEMENT_NAMESPACE, { ...expected, ...checked.value }))
    return err('ssh-form')
  return ok({ ...checked.value, statement })
}

function sameChange(statement: Statement, { action, resource, fields }: ExpectedStatement): boolean {
  return (
    statement.action === action &&
    sameResource(statement.resource, resource) &&
    statement.fields.length === fields.length &&
    statement.fields.every(([key, value], at) => key === fields[at]![0] && value === fields[at]![1])
  )
}

/** Names may be spelled anew by the forge; the numeric id is what counts, and the kind. */
function sameResource(one: StatementResource | null, other: StatementResource | null): boolean {
  return one?.kind === other?.kind && one?.forgeId === other?.forgeId
}
