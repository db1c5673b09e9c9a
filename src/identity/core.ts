import type { Refusal } from '../core/refusal.ts'
import { ok, type Result } from '../core/result.ts'
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts'
import type { Store, Write } from '../store/store.ts'
import type { Revocation } from './identity.ts'
import type { State } from './state.ts'

/** Times in ms. */
export interface IdentityLimits {
  readonly portalIdle: number
  readonly forgeIdle: number
  readonly absolute: number
  readonly gitPassword: number
  readonly token: number
  readonly link: number
}

/** What the parts of identity share. Only {@link Core.change} ends or opens anything. */
export interface Core {
  readonly state: State
  readonly store: Store
  readonly limits: IdentityLimits
  now(): number
  /**
   * Write rows and ledger entry in one transaction; then, and only then, let readers see it and tell who must be cut.
   * `rows` may refuse, which leaves nothing behind; what must hold is asked there, since memory may be a moment behind
   * another change. `seen` alters memory as it is by then, never from a copy made before.
   */
  change(
    record: LedgerRecord,
    rows: (write: Write) => Promise<Refusal | undefined>,
    seen: () => readonly Revocation[],
  ): Promise<Result<undefined, Refusal>>
}

export function createCore(deps: {
  state: State
  store: Store
  ledger: Ledger
  limits: IdentityLimits
  now: () => number
  changed: (revocations: readonly Revocation[]) => void
}): Core {
  const { state, store, ledger, limits, now, changed } = deps
  return {
    state,
    store,
    limits,
    now,
    async change(record, rows, seen) {
      const recorded = await ledger.append(record, rows)
      if (!recorded.ok) return recorded
      changed(seen())
      return ok(undefined)
    },
  }
}
