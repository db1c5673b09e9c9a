import type { Json } from '../core/ledger/canonical-json.ts'
import type { Write } from '../store/store.ts'
import type { Core } from './core.ts'
import { named } from './devices.ts'
import type { Identity } from './identity.ts'
import { patchDevice } from './state.ts'

/** What a signature says of its device, beyond that it holds: never a reason to refuse, sometimes a signal on record. */
export function deviceUse(core: Core): Pick<Identity, 'deviceUsed'> {
  const { state, change } = core
  return {
    async deviceUsed(id, counter, at, backupEligible) {
      const before = state.devices.get(id)?.device
      if (!before) return
      const signals: { readonly [key: string]: Json }[] = []
      // WebAuthn Level 3 section 7.2 step 22: both zero means that the authenticator does not count.
      if (counter <= before.counter && (counter !== 0 || before.counter !== 0))
        signals.push({ signal: 'counter-not-higher', seen: counter, known: before.counter })
      // Section 7.2 step 19: eligibility is for life. A key that may be copied after all is taken to be one from now on;
      // one that says the opposite is not believed.
      if (backupEligible !== undefined && backupEligible !== before.backupEligible)
        signals.push({ signal: 'backup-eligibility', seen: backupEligible, known: before.backupEligible })
      const changes = {
        counter: Math.max(counter, before.counter),
        lastUsedAt: at,
        backupEligible: before.backupEligible || backupEligible === true,
      }
      patchDevice(state, id, changes)
      const write = async (to: Write): Promise<undefined> => {
        await to
          .updateTable('device')
          .set({
            counter: changes.counter,
            last_used_at: at,
            backup_eligible: changes.backupEligible ? 1 : 0,
          })
          .where('id', '=', id)
          .execute()
        return undefined
      }
      if (signals.length === 0) await core.store.transaction(write)
      for (const signal of signals) {
        const payload = { ...named(state, before), ...signal }
        await change({ type: 'device.signal', account: before.account, payload }, write, () => [])
      }
    },
  }
}
