import type { Json } from '../core/ledger/canonical-json.ts'
import type { PolicyChange, PolicyInForce } from './load-policies.ts'

/** Of the ledger's `append`, what is needed here. */
export type AppendPolicyLoad = (record: {
  type: 'policy.load'
  payload: { readonly [key: string]: Json }
}) => Promise<{ readonly ok: boolean }>

/**
 * Writes the ledger entry `policy.load` (docs/formats/ledger-entry.md) of a set that comes into force; without `previous`
 * it is the first since the start. Rejects when nothing was recorded: that set must then not decide.
 */
export function recordPolicy(append: AppendPolicyLoad): (set: PolicyInForce | PolicyChange) => Promise<void> {
  return async (set) => {
    const recorded = await append({
      type: 'policy.load',
      payload: {
        digest: set.digest,
        previous: 'previous' in set ? set.previous : null,
        policies: set.policies,
        files: [...set.files].map(([file, sha256]) => ({ file, sha256 })),
      },
    })
    if (!recorded.ok) throw new Error('the change of policy could not be recorded')
  }
}
