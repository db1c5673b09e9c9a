import { randomSecret } from '../core/crypto.ts'
import { refusal } from '../core/refusal.ts'
import { err, ok } from '../core/result.ts'
import { parsePublicKeyLine, type SkPublicKey } from '../core/ssh/public-key.ts'
import { SSH_KEY_NAMESPACE, verifySshsig } from '../core/ssh/sshsig.ts'
import type { RelyingParty } from './authentication.ts'
import type { Ceremonies } from './ceremonies.ts'
import { challenges } from './challenges.ts'

interface Asked {
  readonly key: SkPublicKey
  readonly text: string
}

/** Adding an SSH signing key: paste it, show that it is held, and let another device admit it. */
export function sshKeys(rp: RelyingParty): Pick<Ceremonies, 'beginSshKey' | 'finishSshKey'> {
  const open = challenges<Asked>()

  return {
    beginSshKey(pre, account, publicKey) {
      const key = parsePublicKeyLine(publicKey.trim()) // the attacker's
      if (!key.ok) {
        return err(
          key.error.kind === 'not-a-security-key'
            ? refusal(
                'bad-request',
                `That is a key of type ${key.error.type}, which is not kept in a security key.`,
                'Make one with ssh-keygen -t ed25519-sk.',
              )
            : refusal(
                'bad-request',
                'That is not the content of a .pub file.',
                'Paste the one line of your id_ed25519_sk.pub.',
              ),
        )
      }
      if (rp.identity.deviceByCredential('ssh-sk', key.value.fingerprint))
        return err(
          refusal(
            'bad-request',
            'This key is enrolled already.',
            'Use another key, or remove it where it is enrolled.',
          ),
        )
      const text = `countersign ssh key proof v1\norigin ${rp.origin}\naccount ${account}\nkey ${key.value.fingerprint}\nnonce ${randomSecret()}\n`
      open.open(account, pre, rp.now(), { key: key.value, text })
      return ok({ text, namespace: SSH_KEY_NAMESPACE, fingerprint: key.value.fingerprint })
    },

    finishSshKey(pre, account, signature) {
      const again = 'Start again from the first step.'
      const asked = open.take(account, pre, rp.now())
      if (!asked)
        return err(refusal('proof-invalid', 'This proof is used, too old, or from another browser.', again))
      const armored = `${signature.replaceAll('\r', '').trim()}\n` // pasted by a person, or the attacker
      const verified = verifySshsig(armored, Buffer.from(asked.text), SSH_KEY_NAMESPACE, null)
      if (!verified.ok)
        return err(
          refusal('proof-invalid', 'The signature is not over this text, or not by this key.', again),
        )
      const { key, up } = verified.value
      if (key.fingerprint !== asked.key.fingerprint)
        return err(refusal('proof-invalid', 'The signature is by another key than the one pasted.', again))
      if (!up)
        return err(
          refusal(
            'proof-invalid',
            'The key signed without being touched.',
            'Make a key without no-touch-required.',
          ),
        )
      return ok({
        fingerprint: key.fingerprint,
        async admit(by, name, evidence) {
          const added = await rp.identity.addDevice(
            {
              account,
              kind: 'ssh-sk',
              name,
              credential: key.fingerprint,
              publicKey: key.blob,
              counter: verified.value.counter,
              backupEligible: false,
              enrolledBy: `device:${by}`,
            },
            { transports: [], evidence: { ...evidence, keyProof: asked.text, keyProofSignature: armored } },
          )
          return added.ok ? ok(added.value.id) : added
        },
      })
    },
  }
}
