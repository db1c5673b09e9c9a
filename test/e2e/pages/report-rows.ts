import type { FakePortal } from './fake-portal.ts'
import { HOSTILE, type Seeded } from './people.ts'

/** What would have happened in a week of report-only: much of one thing, some of others, and names that try everything. */
export function reportRows(fake: FakePortal, { admin, alice }: Seeded): void {
  const hour = 3_600_000
  const of = { uv: false, people: 0, say: 'This takes a touch.', decision: 'challenge' as const }
  fake.wouldBe.push(
    {
      ...of,
      verb: 'git.push',
      place: 'acme/payments-gateway-with-a-rather-long-name',
      times: 214,
      accounts: [alice.id, admin.id],
      policies: ['changes need a touch that is bound to them'],
      last: fake.at - hour,
    },
    {
      ...of,
      verb: 'repo.delete',
      place: 'acme/old',
      uv: true,
      people: 1,
      times: 1,
      accounts: [alice.id],
      last: fake.at - 20 * hour,
      policies: [
        'critical changes need a PIN or a fingerprint',
        'changes need a touch that is bound to them',
      ],
    },
    {
      ...of,
      verb: 'file.edit',
      place: 'acme/web',
      decision: 'deny',
      policies: [],
      times: 12,
      accounts: [alice.id],
      last: fake.at - 3 * hour,
      say: 'Changing files in the browser is not allowed through this gateway yet.',
    },
    {
      ...of,
      verb: 'page.read',
      place: HOSTILE,
      decision: 'deny',
      policies: [HOSTILE],
      times: 3,
      accounts: [admin.id],
      last: fake.at - 60 * hour,
    },
  )
}
