import { clientNetwork } from '../core/client-network.ts'
import { randomSecret } from '../core/crypto.ts'
import type { AccountId, DeviceId } from '../core/identity.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import { approvals } from './approval.ts'
import { ACCOUNT_INACTIVE, claimedChallenge, type RelyingParty, verifyAssertion } from './authentication.ts'
import type { Ceremonies, Evidence } from './ceremonies.ts'
import { CHALLENGE_LIFE, challenges } from './challenges.ts'
import { pushApprovals } from './push-approval.ts'
import { claimedCreation, registrationOptions, verifyCreation } from './registration.ts'
import { sshKeys } from './ssh-key.ts'

const GONE = refusal(
  'proof-invalid',
  'This ceremony is used, too old, or from another browser.',
  'Start again from the page.',
)
const LINK_GONE = refusal('bad-credential', 'This link is used or too old.', 'Ask for a fresh one.')

interface Admission {
  readonly account: AccountId
  readonly by: DeviceId
  readonly evidence: Evidence
}

/** The portal's ceremonies over one relying party. Open challenges live in memory: a restart costs one more touch. */
export function createCeremonies(rp: RelyingParty & { policyDigest(): string }): Ceremonies {
  const signIns = challenges<true>()
  const enrolments = challenges<{ link: string }>()
  const additions = challenges<Admission>()

  return {
    async beginSignIn(pre, address) {
      const challenge = randomSecret()
      // Anybody may ask, and under a new cookie each time: a flood from one network pushes out its own.
      signIns.open(challenge, pre, rp.now(), true, clientNetwork(address))
      // No allowCredentials: the passkey says who it is, and nobody learns whose account exists (section 14.6.2).
      return {
        challenge,
        rpId: rp.rpId,
        userVerification: 'required',
        timeout: CHALLENGE_LIFE,
        allowCredentials: [],
      }
    },
    async finishSignIn(pre, credential) {
      const challenge = claimedChallenge(credential, rp.origin)
      if (challenge === undefined || !signIns.take(challenge, pre, rp.now())) return err(GONE)
      const asserted = await verifyAssertion(rp, credential, challenge, 'required')
      if (!asserted.ok) return asserted
      const { device, uv, counter, backupEligible, evidence } = asserted.value
      await rp.identity.deviceUsed(device.id, counter, rp.now(), backupEligible)
      return ok({ account: device.account, device: device.id, uv, evidence })
    },

    async beginEnrol(pre, secret) {
      const link = rp.identity.invitation(secret, rp.now())
      if (!link) return err(LINK_GONE)
      const { challenge, options } = await registrationOptions(rp, link.account)
      enrolments.open(challenge, pre, rp.now(), { link: link.id })
      return ok(options)
    },
    async finishEnrol(pre, secret, credential, name) {
      const challenge = claimedCreation(credential, rp.origin)
      const asked = challenge === undefined ? undefined : enrolments.take(challenge, pre, rp.now())
      if (challenge === undefined || !asked) return err(GONE)
      const link = rp.identity.invitation(secret, rp.now())
      if (!link) return err(LINK_GONE)
      if (link.id !== asked.link) return err(GONE)
      const registered = await verifyCreation(rp, credential, challenge)
      if (!registered.ok) return registered
      const { device, transports, evidence } = registered.value
      const added = await rp.identity.addDevice(
        { ...device, account: link.account.id, name, enrolledBy: `${link.kind}:${link.id}` },
        { transports, invitation: link.id, evidence },
      )
      return added.ok ? ok(added.value.id) : added
    },

    ...approvals(rp),
    ...pushApprovals(rp),

    async beginAddPasskey(pre, account, { device, evidence }) {
      const who = rp.identity.account(account)
      if (who?.state !== 'active') return err(ACCOUNT_INACTIVE)
      const { challenge, options } = await registrationOptions(rp, who)
      additions.open(challenge, pre, rp.now(), { account, by: device, evidence })
      return ok(options)
    },
    async finishAddPasskey(pre, account, credential, name) {
      const challenge = claimedCreation(credential, rp.origin)
      const admission = challenge === undefined ? undefined : additions.take(challenge, pre, rp.now())
      if (challenge === undefined || admission?.account !== account) return err(GONE)
      if (rp.identity.device(admission.by)?.state !== 'active')
        return err(
          refusal(
            'device-inactive',
            'The device that approved this is no longer active.',
            'Start again with another one.',
          ),
        )
      const registered = await verifyCreation(rp, credential, challenge)
      if (!registered.ok) return registered
      const { device, transports, evidence } = registered.value
      const admitted = Object.fromEntries(
        Object.entries(admission.evidence).map(([key, value]) => [`admission.${key}`, value]),
      )
      const added = await rp.identity.addDevice(
        { ...device, account, name, enrolledBy: `device:${admission.by}` },
        { transports, evidence: { ...evidence, ...admitted } },
      )
      return added.ok ? ok(added.value.id) : added
    },

    ...sshKeys(rp),
  }
}
