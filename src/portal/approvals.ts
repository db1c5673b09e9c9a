import type { Evidence, Wish } from '../ceremony/ceremonies.ts'
import type { DeviceId, SessionId } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { PortalDeps } from './deps.ts'
import { readFields } from './fields.ts'
import { approveNewPasskey } from './pages/add-passkey.ts'
import { approveSshKey } from './pages/add-ssh-key.ts'
import { approveRevoke } from './pages/devices.ts'
import { approveGitPassword } from './pages/git-password.ts'
import { approveAccountState, approveInvitation } from './pages/people.ts'
import { approveToken } from './pages/tokens.ts'
import { json, me, type OwnVisit, refuse } from './visit.ts'

/** A change that a person is about to sign, frozen when it is shown: what is carried out is what was signed. */
export interface Approval {
  readonly wish: Wish
  /** What the dialog says above the exact text. */
  readonly title: string
  readonly say: string
  /** A device that must not be the one that signs. */
  readonly except?: DeviceId
  /** For administrators: checked when it begins and again when it is carried out. */
  readonly adminOnly?: true
  /** Carry it out. The answer goes to the page's script. */
  perform(signed: {
    device: DeviceId
    uv: boolean
    evidence: Evidence
  }): Promise<Result<ApprovalAnswer, Refusal>>
}

/** What the page does next: go on to another page, register a passkey, or show a secret once. */
export type ApprovalAnswer =
  | { readonly next: string }
  | { readonly create: { readonly [key: string]: unknown } }
  | { readonly show: { readonly [name: string]: string } }

/** Check what is asked and say what will be signed. `of` is the attacker's. */
export type Describe = (
  visit: OwnVisit,
  of: { readonly [key: string]: unknown },
) => Result<Approval, Refusal> | Promise<Result<Approval, Refusal>>

/** Every change of the portal that takes a touch. */
const CHANGES: { readonly [what: string]: Describe } = {
  'revoke-device': approveRevoke,
  'add-passkey': approveNewPasskey,
  'add-ssh-key': approveSshKey,
  'git-password': approveGitPassword,
  token: approveToken,
  'account-state': approveAccountState,
  invitation: approveInvitation,
}

const ADMIN_ONLY = refusal('denied', 'Only administrators may do this.')
const LIFE = 5 * 60_000
const MAX_OPEN = 1000

interface Open {
  readonly session: SessionId
  readonly approval: Approval
  readonly goodUntil: number
}

/** Begin: what is asked becomes a statement. Finish: the touch on exactly that statement carries it out, once. */
export function createApprovals(
  deps: PortalDeps,
): Record<'begin' | 'finish', (visit: OwnVisit) => Promise<Response>> {
  const open = new Map<string, Open>()

  async function begin(visit: OwnVisit): Promise<Result<object, Refusal>> {
    const fields = await readFields(visit.request, { what: 40, of: 'object' })
    if (!fields.ok) return fields
    const describe = Object.hasOwn(CHANGES, fields.value.what) ? CHANGES[fields.value.what] : undefined
    if (!describe || visit.pre === undefined)
      return err(
        refusal(
          'bad-request',
          'The request names no change of the portal.',
          'Reload the page and try again.',
        ),
      )
    const approval = await describe(visit, fields.value.of)
    if (!approval.ok) return approval
    const { wish, title, say, except, adminOnly } = approval.value
    if (adminOnly && !me(visit).admin) return err(ADMIN_ONLY)
    const begun = await deps.ceremonies.beginApproval(visit.pre, me(visit).id, wish, except)
    if (!begun.ok) return begun
    const { id, text, options } = begun.value
    if (open.size >= MAX_OPEN) open.delete(open.keys().next().value!)
    open.set(id, { session: visit.person.session.id, approval: approval.value, goodUntil: visit.now + LIFE })
    return ok({ id, title, say, text, options })
  }

  async function finish(visit: OwnVisit): Promise<Result<object, Refusal>> {
    const fields = await readFields(visit.request, { id: 43, credential: 'object' })
    if (!fields.ok) return fields
    const { id, credential } = fields.value
    const found = open.get(id)
    open.delete(id)
    if (
      !found ||
      visit.pre === undefined ||
      found.session !== visit.person.session.id ||
      found.goodUntil <= visit.now
    ) {
      return err(
        refusal(
          'proof-invalid',
          'This confirmation is used, too old, or from another browser.',
          'Start again from the page.',
        ),
      )
    }
    if (found.approval.adminOnly && !me(visit).admin) return err(ADMIN_ONLY)
    const signed = await deps.ceremonies.finishApproval(visit.pre, me(visit).id, id, credential)
    if (!signed.ok) return signed
    if (signed.value.device === found.approval.except) {
      return err(
        refusal('proof-invalid', 'A device cannot confirm its own removal.', 'Use another of your devices.'),
      )
    }
    return found.approval.perform(signed.value)
  }

  const answered =
    (step: (visit: OwnVisit) => Promise<Result<object, Refusal>>) =>
    async (visit: OwnVisit): Promise<Response> => {
      const result = await step(visit)
      return result.ok ? json(result.value) : refuse(visit, result.error)
    }
  return { begin: answered(begin), finish: answered(finish) }
}
