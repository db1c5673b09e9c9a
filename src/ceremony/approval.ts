import { randomSecret } from '../core/crypto.ts'
import type { Device, DeviceId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import { es256Point } from '../core/ssh/cose-es256.ts'
import { signedData, verifySshsig } from '../core/ssh/sshsig.ts'
import { sshsigFromAssertion } from '../core/ssh/webauthn-signature.ts'
import {
  fieldsFit,
  isStatementAction,
  STATEMENT_NAMESPACE,
  writeStatement,
} from '../core/statement/statement.ts'
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
    async beginApproval(pre, account, wish, except) {
      const who = rp.identity.account(account)
      if (who?.state !== 'active') return err(ACCOUNT_INACTIVE)
      const able = rp.identity
        .activeDevices(account)
        .filter(({ kind, id }) => kind === 'webauthn' && id !== except)
      if (able.length === 0)
        return err(
          refusal(
            'proof-needed',
            'This takes another passkey of yours, and there is none.',
            'Add one first.',
          ),
        )
      const issued = Math.floor(rp.now() / 1000) * 1000
      const expires = issued + CHALLENGE_LIFE
      const text = statementOf(wish, rp, who, { issued, expires })
      if (text === undefined) return err(refusal('bad-request', 'There is no statement of that kind.'))
      const id = randomSecret()
      const challenge = signedData(STATEMENT_NAMESPACE, 'sha512', Buffer.from(text)).toString('base64url')
      open.open(id, pre, rp.now(), { id, account, text, challenge, expires, except })
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
      await rp.identity.deviceUsed(device.id, counter, rp.now(), backupEligible)
      const sshsig = armored(device, rp, asserted.value, asked.text)
      return ok({
        device: device.id,
        uv,
        evidence: { ...evidence, statement: asked.text, ...(sshsig !== undefined && { sshsig }) },
      })
    },
  }
}

function statementOf(
  { action, fields }: Wish,
  rp: RelyingParty & { policyDigest(): string },
  who: { name: string; forgeId: number },
  times: { issued: number; expires: number },
): string | undefined {
  if (!isStatementAction(action) || !fieldsFit(action, fields)) return undefined
  return writeStatement({
    origin: rp.origin,
    actor: { name: who.name, forgeId: who.forgeId },
    action,
    fields,
    policy: rp.policyDigest(),
    ...times,
    nonce: randomSecret(),
  })
}

/** ES256 has an OpenSSH algorithm; for other keys, or client data that OpenSSH would refuse, the raw assertion stands alone. */
function armored(
  device: Device,
  rp: RelyingParty,
  assertion: { authenticatorData: Buffer; clientDataJSON: Buffer; signature: Buffer },
  text: string,
): string | undefined {
  const point = es256Point(device.publicKey)
  if (!point) return undefined
  const sshsig = sshsigFromAssertion(
    { point, rpId: rp.rpId, origin: rp.origin, ...assertion },
    STATEMENT_NAMESPACE,
  )
  return sshsig !== undefined && verifySshsig(sshsig, Buffer.from(text), STATEMENT_NAMESPACE, rp.origin).ok
    ? sshsig
    : undefined
}
