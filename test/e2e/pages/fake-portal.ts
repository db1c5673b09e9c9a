import { ok } from '../../../src/core/result.ts'
import type { Log } from '../../../src/flow/context.ts'
import type { FrozenRef } from '../../../src/flow/frozen.ts'
import { type AskRegistry, createAsks } from '../../../src/hold/asks.ts'
import type { WouldBeRow } from '../../../src/ledger/would-be.ts'
import { createHandOver, type HandOver } from '../../../src/portal/hand-over.ts'
import type { LedgerRow } from '../../../src/portal/ledger-view.ts'
import { createPortal, type Portal } from '../../../src/portal/portal.ts'
import { fakeCeremonies } from './fake-ceremonies.ts'
import { type FakeHolds, fakeHolds } from './fake-holds.ts'
import { type FakeIdentity, fakeIdentity } from './fake-identity.ts'
import { type FakeParkedChanges, fakeParked } from './fake-parked.ts'

export interface FakePortal {
  readonly portal: Portal
  readonly identity: FakeIdentity
  readonly holds: FakeHolds
  readonly parked: FakeParkedChanges
  readonly asks: AskRegistry
  /** Frozen refs that administrators are told of. */
  readonly frozen: FrozenRef[]
  /** As when the gateway stops. */
  readonly stop: AbortController
  readonly handOver: HandOver
  readonly origin: string
  readonly forgeOrigin: string
  /** Everything the portal logged, as text. */
  readonly logged: string[]
  /** Rows the ledger page shows. */
  readonly rows: LedgerRow[]
  /** What the settings say is not enforced, and what the page of it shows. */
  mode: { all: boolean; repos: string[] }
  readonly wouldBe: WouldBeRow[]
  /** Failed tries the limiter was told of. */
  readonly failures: string[]
  /** Clock, unix ms; tests move it. */
  /** Version of a forge that the gateway does not know. */
  unknownForge: string | null
  at: number
}

/** The whole portal on fakes. `secure` switches cookies and HSTS as TLS does. */
export function fakePortal(
  options: { origin?: string; forgeOrigin?: string; secure?: boolean } = {},
): FakePortal {
  const { origin = 'http://localhost:3001', forgeOrigin = 'http://127.0.0.1:3000', secure = false } = options
  const now = (): number => fake.at
  const identity = fakeIdentity(now)
  const holds = fakeHolds(now, origin)
  const parked = fakeParked(now)
  const asks = createAsks({ limits: { total: 100 }, identity, now })
  const frozen: FrozenRef[] = []
  const stop = new AbortController()
  const handOver = createHandOver({ now })
  const logged: string[] = []
  const failures: string[] = []
  const rows: LedgerRow[] = []
  const write = (fields: object, message: string): void => {
    logged.push(
      `${message} ${JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.stack : value))}`,
    )
  }
  const log: Log = { info: write, warn: write, error: write }
  const portal = createPortal({
    origin,
    forgeOrigin,
    unknownForge: () => fake.unknownForge,
    secure,
    identity,
    ceremonies: fakeCeremonies(identity, new URL(origin).hostname),
    handOver,
    holds,
    parked,
    asks,
    frozen: async () => frozen,
    ledger: {
      vkey: 'localhost/ledger+2f0a1c3d+AT6kY0mQ1c7gq0Zk3l2bq0b8R3xS7Q2cZ0l8F5s1mVnq',
      checkpoint: async () => ({
        size: rows.length,
        note: `localhost/ledger\n${rows.length}\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— localhost/ledger Lw\n`,
      }),
      tile: async () => undefined,
      recent: async (account, limit) =>
        rows
          .filter((row) => account === null || row.account === identity.account(account as never)?.name)
          .slice(0, limit),
    },
    report: {
      get all() {
        return fake.mode.all
      },
      get repos() {
        return fake.mode.repos
      },
      rows: async (limit) => fake.wouldBe.slice(0, limit),
    },
    invite: async ({ name, email, admin }) => {
      const account = identity.seedAccount({ name, email, admin })
      const made = await identity.invite(account.id, 'invitation', 'test', now())
      return made.ok ? ok({ name, ...made.value }) : made
    },
    tokenDesk: {
      repo: async (name) =>
        /^acme\/(?:app|payments)$/.test(name)
          ? { id: name.length, owner: 'acme', name: name.slice('acme/'.length) }
          : undefined,
      allowed: () => undefined,
    },
    limiter: {
      mayTry: (key) => failures.filter((failed) => failed === key).length < 10,
      failed: (key) => void failures.push(key),
    },
    stopping: stop.signal,
    log,
    now,
  })
  const fake: FakePortal = {
    portal,
    identity,
    holds,
    parked,
    asks,
    frozen,
    stop,
    handOver,
    origin,
    forgeOrigin,
    logged,
    rows,
    mode: { all: false, repos: [] },
    wouldBe: [],
    failures,
    unknownForge: null,
    at: Date.UTC(2026, 10, 24, 7, 0),
  }
  return fake
}
