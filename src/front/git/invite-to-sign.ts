import { rewriteAdvertisement } from '../../core/git/advertisement.ts'
import { mintNonce } from '../../core/git/nonce.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, type Result } from '../../core/result.ts'
import type { FlowContext } from '../../flow/context.ts'
import { nonceOwner, nonceScope } from '../../flow/nonce-scope.ts'
import { known, type Passage } from '../../flow/passage.ts'

/** The forge's advertisement for pushing, with a nonce for who has a key that signs. */
export function inviteToSign(
  plain: Buffer | undefined,
  passage: Passage,
  ctx: FlowContext,
): Result<Buffer, Refusal> {
  const { account } = known(passage.principal, 'principal')
  const signs = ctx.identity.activeDevices(account.id).some(({ kind }) => kind === 'ssh-sk')
  const nonce = signs
    ? mintNonce(ctx.nonceKey, { repo: nonceScope(passage), account: nonceOwner(passage), now: passage.now })
    : undefined
  const rewritten = plain && rewriteAdvertisement(plain, nonce)
  return rewritten?.ok
    ? rewritten
    : err(refusal('upstream', 'The forge sent an advertisement that git would not read.'))
}
