import type { Verb } from '../core/action/action.ts'
import type { PolicyEngine } from '../core/policy/engine.ts'
import type { AskRegistry } from '../hold/asks.ts'
import type { HoldRegistry } from '../hold/create-holds.ts'
import type { Carried, ParkedChanges } from '../hold/parked-changes.ts'
import type { Identity } from '../identity/identity.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Spool, Stage } from '../spool/spool.ts'
import type { Store } from '../store/store.ts'
import type { Forge, ForgeRepo } from '../upstream/forge.ts'
import type { CarryOut } from './carry-out.ts'
import type { ForgeNames } from './forge-names.ts'
import type { NoteWouldBe, ReportOnly } from './report-only.ts'

/** Structured log; `fields` never hold secrets. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Takes a token or says no. Keys are bounded by the limiter itself. */
export interface AttemptLimiter {
  /** False when `key` has used up its tries; a failure costs one, a success nothing. */
  mayTry(key: string, now: number): boolean
  failed(key: string, now: number): void
}

/** Everything the gates look at. Composed once, in context.ts. */
export interface FlowContext {
  readonly identity: Identity
  readonly policy: PolicyEngine
  readonly forge: Forge
  readonly ledger: Ledger
  readonly store: Store
  readonly repos: RepoLookup
  readonly names: ForgeNames
  readonly holds: HoldRegistry
  readonly parked: ParkedChanges
  /** What waits for other people. */
  readonly asks: AskRegistry
  /** How long other people have for an action, ms. */
  askLife(verb: Verb): number
  /** Take a touched change through the gates: bound at composition, since gates do not know their own list. */
  carryOut(work: CarryOut): Promise<Carried>
  readonly spool: Spool
  readonly stage: Stage
  /** Public origin of the forge, as in `Origin` and in clone URLs. */
  readonly forgeOrigin: string
  readonly portalOrigin: string
  /** The portal's exact host. */
  readonly rpId: string
  /** Key of push nonces; lives with the other secrets. */
  readonly nonceKey: Uint8Array
  readonly credentialLimiter: AttemptLimiter
  /** What visitors of whom nothing is known may ask, by network. */
  readonly visitorLimiter: AttemptLimiter
  /** How many refusals of one account reach the ledger; the rest reach the log. */
  readonly refusalLimiter: AttemptLimiter
  readonly reportOnly: ReportOnly
  readonly wouldBe: NoteWouldBe
  /** Read the refs of open intents before long. */
  readonly settleSoon: () => void
  /** Ids of intents that a running push will close itself. */
  readonly running: Set<string>
  readonly log: Log
  /** Unix ms. */
  now(): number
}

/** Repositories as one person sees them, or as everybody does (null), remembered for a few seconds. */
export interface RepoLookup {
  /** Without waiting, when it is remembered. */
  remembered(owner: string, name: string, asUser: string | null, now: number): ForgeRepo | undefined
  find(owner: string, name: string, asUser: string | null, now: number): Promise<ForgeRepo | undefined>
}
