import { randomSecret } from '../core/crypto.ts'
import type { DeviceId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import { signedData } from '../core/ssh/sshsig.ts'
import {
  fieldsFit,
  isStatementAction,
  STATEMENT_NAMESPACE,
  writeStatement,
} from '../core/statement/statement.ts'
import { armored } from './armored.ts'
import { ACCOUNT_INACTIVE, type RelyingParty, verifyAssertion } from './authentication.ts'
import type { Ceremonies, Wish } from './ceremonies.ts'
import { CHALLENGE_LIFE, challenges } from './challenges.ts'

interface Asked {
  readonly id: string
  readonly account: string
  readonly text: string
  readonly challenge: string
  /** As the statement says, unix ms. */
  readonly expires: number
  readonly except: DeviceId | undefined
  readonly only: readonly DeviceId[] | undefined
}

/**
 * A statement is signed by a passkey whose challenge *is* the SSHSIG to-be-signed blob of its text: what is stored is an
 * OpenSSH signature that a stranger checks with ssh-keygen, and the raw assertion beside it.
 */
export function approvals(
  rp: RelyingParty & { policyDigest(): string },
): Pick<Ceremonies, 'beginApproval' | 'finishApproval'> {
  const open = challenges<Asked>()

  return {
    async beginApproval(pre, account, wish, except, only) {
      const who = rp.identity.account(account)
      if (who?.state !== 'active') return err(ACCOUNT_INACTIVE)
      const able = rp.identity
        .activeDevices(account)
        .filter(({ kind, id }) => kind === 'webauthn' && id !== except && (only?.includes(id) ?? true))
      if (able.length === 0)
        return err(
          refusal(
            'proof-needed',
            'This takes another passkey of yours, and there is none.',
            'Add one first.',
          ),
        )
      const issued = Math.floor(rp.now() / 1000) * 1000
      const expires =
        wish.until === undefined ? issued + CHALLENGE_LIFE : Math.floor(wish.until / 1000) * 1000
      if (expires <= rp.now())
        return err(refusal('proof-invalid', 'This waits no longer.', 'Look at what became of it.'))
      const text = statementOf(wish, rp, who, { issued, expires })
      if (text === undefined) return err(refusal('bad-request', 'There is no statement of that kind.'))
      const id = randomSecret()
      const challenge = signedData(STATEMENT_NAMESPACE, 'sha512', Buffer.from(text)).toString('base64url')
      open.open(id, pre, rp.now(), { id, account, text, challenge, expires, except, only })
      return ok({
        id,
        text,
        options: {
          challenge,
          rpId: rp.rpId,
          userVerification: 'required',
          timeout: CHALLENGE_LIFE,
          allowCredentials: able.map((device) => ({
            type: 'public-key',
            id: device.credential,
            transports: rp.identity.transports(device.id),
          })),
        },
      })
    },

    async finishApproval(pre, account, id, credential) {
      const asked = open.take(id, pre, rp.now())
      if (!asked || asked.account !== account || rp.now() > asked.expires)
        return err(
          refusal(
            'proof-invalid',
            'This confirmation is used, too old, or from another browser.',
            'Start again from the page.',
          ),
        )
      const asserted = await verifyAssertion(rp, credential, asked.challenge, 'optional')
      if (!asserted.ok) return asserted
      const { device, uv, counter, backupEligible, evidence } = asserted.value
      if (device.account !== account)
        return err(refusal('proof-invalid', 'That passkey is of another account.', 'Use one of your own.'))
      if (device.id === asked.except)
        return err(
          refusal(
            'proof-invalid',
            'A device cannot confirm this about itself.',
            'Use another of your devices.',
          ),
        )
      if (asked.only && !asked.only.includes(device.id))
        return err(
          refusal(
            'proof-invalid',
            'That passkey will not do for this.',
            'Use one of those that the page names.',
          ),
        )
      await rp.identity.deviceUsed(device.id, counter, rp.now(), backupEligible)
      const sshsig = armored(asserted.value, rp, Buffer.from(asked.text), STATEMENT_NAMESPACE)
      return ok({
        device: device.id,
        uv,
        evidence: { ...evidence, statement: asked.text, ...(sshsig !== undefined && { sshsig }) },
      })
    },
  }
}

function statementOf(
  { action, resource = null, fields }: Wish,
  rp: RelyingParty & { policyDigest(): string },
  who: { name: string; forgeId: number },
  times: { issued: number; expires: number },
): string | undefined {
  if (!isStatementAction(action) || !fieldsFit(action, fields)) return undefined
  return writeStatement({
    origin: rp.origin,
    actor: { name: who.name, forgeId: who.forgeId },
    action,
    resource,
    fields,
    policy: rp.policyDigest(),
    ...times,
    nonce: randomSecret(),
  })
}
