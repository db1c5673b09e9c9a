import { sha256Hex } from '../core/crypto.ts'
import type { Account, AccountId } from '../core/identity.ts'
import type { Json } from '../core/ledger/canonical-json.ts'
import type { FlowContext } from './context.ts'
import type { Wanted } from './others.ts'

/** Somebody's no to what somebody else signed: on record before it ends that. Resolves with their name. */
export async function recordDecline(
  { identity, ledger }: Pick<FlowContext, 'identity' | 'ledger'>,
  {
    action: { verb, resource },
    requester,
    by,
    why,
    signed,
  }: Wanted & { readonly by: AccountId; readonly why: string; readonly signed: Uint8Array },
): Promise<string> {
  const person = identity.account(by)
  if (!person) throw new Error('nobody said no')
  await ledger.append({
    type: 'countersign.refuse',
    account: requester.id,
    ...(resource.kind === 'repo' && { repo: resource.repo.id }),
    payload: {
      action: verb,
      actor: named(requester),
      by: named(person),
      of: `sha256:${sha256Hex(signed)}`,
      repo: resource.kind === 'repo' ? { ...resource.repo, part: resource.part } : null,
      say: why,
    },
  })
  return person.name
}

function named({ id, name, forgeId }: Account): Json {
  return { account: id, name, forgeId }
}
