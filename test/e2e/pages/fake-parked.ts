import type { Change } from '../../../src/core/action/change.ts'
import { randomSecret } from '../../../src/core/crypto.ts'
import type { AccountId } from '../../../src/core/identity.ts'
import { type Refusal, refusal } from '../../../src/core/refusal.ts'
import { err } from '../../../src/core/result.ts'
import type { ParkedChange, ParkedChanges, StatementApproval } from '../../../src/hold/parked-changes.ts'

/** A parked change that a test can change. */
export type FakeParked = { -readonly [Key in keyof ParkedChange]: ParkedChange[Key] } & {
  approved: StatementApproval[]
  /** What comes of a touch: a path of the forge to go on at, or why not. */
  outcome: string | null | Refusal
}

/** `ParkedChanges` in memory, as the pages look at it. */
export interface FakeParkedChanges extends ParkedChanges {
  add(more: Partial<FakeParked> & { account: AccountId }): FakeParked
  /** Change one and tell who watches. */
  become(one: FakeParked, more: Partial<FakeParked>): void
  readonly watchers: number
}

const NO_LONGER = refusal('proof-invalid', 'This change no longer waits for a confirmation.')

/** A change as a schema would describe it; fields are stated as they are unless `more` says otherwise. */
export function aChange(
  verb: Change['verb'],
  sentence: string,
  stated: Change['stated'],
  where: Change['where'] = { repo: { owner: 'acme', name: 'app' }, org: null },
): Change {
  return { verb, where, fields: stated, stated, sentence }
}

export function fakeParked(now: () => number): FakeParkedChanges {
  const all: FakeParked[] = []
  const watching = new Set<{ account: AccountId; changed: () => void }>()
  function tell(account: AccountId): void {
    for (const watcher of [...watching]) if (watcher.account === account) watcher.changed()
  }
  const parked: FakeParkedChanges = {
    park: () => err(refusal('internal', 'Tests add what is parked.')),
    add(more) {
      const one: FakeParked = {
        id: randomSecret(),
        change: aChange('repo.collaborator.add', 'Give bob write access to acme/app', [['person', 'bob']]),
        resource: { kind: 'repo', repo: { id: 3, owner: 'acme', name: 'app' }, part: 'code' },
        why: 'changes-need-a-touch',
        page: '/acme/app/settings/collaboration',
        client: { address: '127.0.0.1', userAgent: 'Mozilla/5.0' },
        program: null,
        createdAt: now() - 5000,
        expiresAt: now() + 9 * 60_000,
        state: 'waiting',
        said: null,
        next: null,
        people: 0,
        life: 60 * 60_000,
        ask: null,
        approved: [],
        outcome: '/acme/app/settings/collaboration',
        ways: () => [],
        async approve(approval) {
          if (one.state !== 'waiting') return NO_LONGER
          one.approved.push(approval)
          const { outcome } = one
          if (typeof outcome === 'object' && outcome !== null) {
            parked.become(one, { state: 'rejected', said: outcome.say })
            return outcome
          }
          parked.become(one, { state: 'done', next: outcome })
          return undefined
        },
        refuse() {
          if (one.state !== 'waiting') return NO_LONGER
          parked.become(one, { state: 'refused' })
          return undefined
        },
        ...more,
      }
      all.push(one)
      tell(one.account)
      return one
    },
    become(one, more) {
      Object.assign(one, more)
      tell(one.account)
    },
    get watchers() {
      return watching.size
    },
    byId: (account, id) => all.find((one) => one.account === account && one.id === id),
    waiting: (account) =>
      all.filter((one) => one.account === account && (one.state === 'waiting' || one.state === 'signed')),
    watch(account, changed) {
      const watcher = { account, changed }
      watching.add(watcher)
      return () => void watching.delete(watcher)
    },
  }
  return parked
}
