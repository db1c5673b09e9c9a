import { createWouldBe } from '../ledger/would-be.ts'
import { modeWords } from '../portal/report-view.ts'
import type { Records } from '../records.ts'
import type { Settings } from '../settings.ts'
import { type Printed, printed } from './printed.ts'

const SHOWN = 50

/** What countersign.yaml says is enforced, and what was noted where nothing was. */
export async function adminReport(
  { store, ledger, identity }: Records,
  settings: Settings,
): Promise<Printed> {
  const wouldBe = createWouldBe({ store, ledger, now: Date.now, log: { error: () => undefined } })
  const names = new Map(identity.accounts().map(({ id, name }) => [id as string, name]))
  const rows = await wouldBe.rows(SHOWN)
  return printed(
    modeWords(settings.reportOnly) ?? 'Everything is enforced.',
    ...(rows.length === 0 ? ['Nothing is noted that would have been asked for or refused.'] : ['']),
    ...rows.map(({ verb, place, decision, uv, people, times, accounts, policies, say }) =>
      [
        `${times}`.padStart(7),
        (decision === 'deny'
          ? 'refuse'
          : `ask for ${uv ? 'PIN' : 'touch'}${people > 0 ? ` +${people}` : ''}`
        ).padEnd(13),
        verb.padEnd(22),
        place.padEnd(24),
        accounts.map((id) => names.get(id) ?? 'somebody').join(','),
        policies.length > 0 ? `(${policies.join('; ')})` : `(${say})`,
      ].join('  '),
    ),
  )
}
