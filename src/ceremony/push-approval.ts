import { randomSecret } from '../core/crypto.ts'
import type { AccountId, DeviceId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import { signedData } from '../core/ssh/sshsig.ts'
import { armored } from './armored.ts'
import { ACCOUNT_INACTIVE, type RelyingParty, verifyAssertion } from './authentication.ts'
import type { Ceremonies, PushToSign } from './ceremonies.ts'
import { CHALLENGE_LIFE, challenges } from './challenges.ts'

/** Namespace of git's signatures, push certificates among them. */
const NAMESPACE = 'git'

interface Asked {
  readonly account: AccountId
  readonly certificate: Buffer
  readonly challenge: string
  readonly devices: readonly DeviceId[]
}

/**
 * The touch on a held push: the WebAuthn challenge *is* the SSHSIG to-be-signed blob of its push certificate, as git would
 * have it signed. The certificate's nonce makes the challenge random (WebAuthn section 13.4.3). Whether UV was wanted is for
 * policy to say: it is decoded and handed on.
 */
export function pushApprovals(rp: RelyingParty): Pick<Ceremonies, 'beginPush' | 'finishPush'> {
  const open = challenges<Asked>()

  return {
    beginPush(pre, account, push) {
      if (rp.identity.account(account)?.state !== 'active') return err(ACCOUNT_INACTIVE)
      const devices = [...new Map(push.ways.map(({ device }) => [device.id, device])).values()]
      if (devices.length === 0)
        return err(
          refusal(
            'proof-needed',
            'No passkey of yours will do for this push.',
            'Sign the push with a security key instead.',
          ),
        )
      const now = rp.now()
      if (now >= push.until) return err(refusal('proof-invalid', 'This push waits no longer.', 'Push again.'))
      const id = randomSecret()
      const challenge = signedData(NAMESPACE, 'sha512', push.certificate).toString('base64url')
      open.open(id, pre, now, {
        account,
        certificate: push.certificate,
        challenge,
        devices: devices.map((device) => device.id),
      })
      return ok({
        id,
        options: {
          challenge,
          rpId: rp.rpId,
          userVerification: verification(push),
          timeout: Math.min(CHALLENGE_LIFE, push.until - now),
          allowCredentials: devices.map((device) => ({
            type: 'public-key',
            id: device.credential,
            transports: rp.identity.transports(device.id),
          })),
        },
      })
    },

    async finishPush(pre, account, id, credential) {
      const asked = open.take(id, pre, rp.now())
      if (!asked || asked.account !== account)
        return err(
          refusal(
            'proof-invalid',
            'This confirmation is used, too old, or from another browser.',
            'Start again from the page.',
          ),
        )
      const asserted = await verifyAssertion(rp, credential, asked.challenge, 'optional', 'decoded')
      if (!asserted.ok) return asserted
      const { device, uv, counter, backupEligible, evidence } = asserted.value
      if (device.account !== account)
        return err(refusal('proof-invalid', 'That passkey is of another account.', 'Use one of your own.'))
      if (!asked.devices.includes(device.id))
        return err(
          refusal(
            'proof-invalid',
            'That passkey will not do for this push.',
            'Use one of those that the page names.',
          ),
        )
      await rp.identity.deviceUsed(device.id, counter, rp.now(), backupEligible)
      const sshsig = armored(asserted.value, rp, asked.certificate, NAMESPACE) ?? null
      return ok({ device: device.id, uv, evidence, sshsig })
    },
  }
}

/** A PIN is asked for when every way wants it, and never when none does; between them the authenticator may do without. */
function verification({ ways }: PushToSign): 'required' | 'preferred' | 'discouraged' {
  if (ways.every(({ uv }) => uv)) return 'required'
  return ways.some(({ uv }) => uv) ? 'preferred' : 'discouraged'
}
