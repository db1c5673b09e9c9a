import { checkNonce } from '../core/git/nonce.ts'
import type { PushCertificate } from '../core/git/push-cert.ts'
import type { RefUpdate } from '../core/git/ref-update.ts'
import { repositoryInSshAddress } from '../core/git/ssh-address.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { fingerprint } from '../core/ssh/public-key.ts'
import { dearmor, parseSshsig, verifySshsig } from '../core/ssh/sshsig.ts'
import { pushOf } from './attempt.ts'
import type { FlowContext } from './context.ts'
import { nonceOwner, nonceScope } from './nonce-scope.ts'
import { type Gate, known, type Passage } from './passage.ts'
import type { PushRequest } from './push-request.ts'
import { verifyApproval } from './verify-approval.ts'
import { verifyStatement } from './verify-statement.ts'

const AGAIN = 'Push again: git fetches a fresh nonce and signs anew.'

/**
 * The certificate of a push (DESIGN: a push is signed as git itself does it). It counts only if the key is an active
 * device of this very account, the flags inside the signature say that it was touched, the nonce is ours, for this
 * repository and account, the pushee is this repository, and every line equals the commands.
 */
export const verifyProof: Gate = (passage, ctx) => {
  if (passage.attempt.door === 'portal') return verifyStatement(passage, ctx, passage.attempt)
  if (passage.held?.approval) return verifyApproval(passage, ctx, passage.held.approval)
  const certificate = passage.offered
  if (!certificate) return undefined
  const push = pushOf(passage.attempt)
  if (!push) throw new Error('a certificate without a push')
  return judge(passage, ctx, certificate, push)
}

function judge(
  passage: Passage,
  ctx: FlowContext,
  certificate: PushCertificate,
  push: PushRequest,
): Refusal | undefined {
  const { account } = known(passage.principal, 'principal')
  const blob = dearmor(certificate.signature)
  const sig = blob ? parseSshsig(blob) : undefined
  if (!sig?.ok)
    return refusal('proof-invalid', 'The signature of the push certificate cannot be read.', AGAIN)
  const device = ctx.identity.deviceByCredential('ssh-sk', fingerprint(sig.value.publicKey))
  if (!device) {
    // Nobody's key: obtainProof took such a certificate for none, so this one ended meanwhile.
    return refusal('proof-invalid', 'The push is signed by a key that is not enrolled here.', AGAIN)
  }
  if (device.account !== account.id)
    return refusal(
      'proof-invalid',
      "The push is signed by another account's key.",
      'Use your own key and your own git password.',
    )
  if (device.state !== 'active')
    return refusal(
      'device-inactive',
      `The signing key "${device.name}" is no longer active.`,
      'Sign with another of your keys.',
    )
  // A signature made by ssh-keygen carries no origin; one made in a browser is accepted only for a challenge of ours that is open.
  const verified = verifySshsig(certificate.signature, certificate.text, 'git', null)
  if (!verified.ok)
    return refusal('proof-invalid', 'The signature of the push certificate does not hold.', AGAIN)
  // OpenSSH PROTOCOL.u2f: presence and verification are flags inside the signature, which nobody else looks at.
  if (!verified.value.up)
    return refusal(
      'proof-invalid',
      'The key signed without being touched.',
      'Enrol a key that asks for a touch.',
    )
  const nonce = checkNonce(ctx.nonceKey, certificate.nonce, {
    repo: nonceScope(passage),
    account: nonceOwner(passage),
    now: passage.now,
  })
  if (!nonce.ok) return refusal('proof-invalid', NONCE_WORDS[nonce.error], AGAIN)
  if (!isOfThis(certificate.pushee, push.publicUrls)) {
    return refusal(
      'proof-invalid',
      'The push was signed for another address than this repository.',
      `Use ${push.publicUrls[0]} as the remote.`,
    )
  }
  if (!sameUpdates(certificate.updates, push.updates))
    return refusal('proof-invalid', 'The signed commands are not the ones sent.', AGAIN)
  passage.prover = device
  passage.statement = {
    kind: 'git-push-certificate',
    text: certificate.text,
    signature: certificate.signature,
    approval: null,
    nonce: certificate.nonce,
    counter: verified.value.counter,
  }
  passage.proof = {
    method: 'ssh-certificate',
    device: device.id,
    up: verified.value.up,
    uv: verified.value.uv,
    ageSeconds: 0,
    bound: 'action',
    shown: 'none',
    batch: false,
  }
  return undefined
}

/**
 * Whether a certificate was made for this repository. Over SSH its host may be an alias of the person's own configuration, and the nonce
 * is bound to the connection; the repository must be this one even so.
 */
function isOfThis(pushee: string | null, publicUrls: PushRequest['publicUrls']): boolean {
  if (pushee === null) return false
  const repository = repositoryInSshAddress(pushee)
  return publicUrls.some(
    (url) =>
      normalUrl(pushee) === url || (repository !== undefined && repositoryInSshAddress(url) === repository),
  )
}

const NONCE_WORDS = {
  malformed: 'The nonce of the push certificate is not one of ours.',
  foreign: 'The nonce of the push certificate is not for this repository and account.',
  expired: 'The nonce of the push certificate is older than an hour.',
  'from-the-future': 'The nonce of the push certificate is from the future.',
} as const

/** git writes the pushee without credentials, with a trailing slash over HTTP; `.git` is optional in what people type. */
export function normalUrl(url: string): string {
  return url.replace(/\/$/, '').replace(/\.git$/, '')
}

function sameUpdates(signed: readonly RefUpdate[], sent: readonly RefUpdate[]): boolean {
  return (
    signed.length === sent.length &&
    signed.every(
      ({ before, after, ref }, i) =>
        before === sent[i]!.before && after === sent[i]!.after && ref === sent[i]!.ref,
    )
  )
}
