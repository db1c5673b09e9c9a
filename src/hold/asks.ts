import type { Action } from '../core/action/action.ts'
import { randomSecret } from '../core/crypto.ts'
import type { AccountId, DeviceId } from '../core/identity.ts'
import type { Proof } from '../core/proof.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Identity } from '../identity/identity.ts'
import type { Hold, HoldWay } from './holds.ts'
import type { ParkedChange, StatementApproval } from './parked-changes.ts'

/** Somebody's signed statement that they agree to what somebody else signed. */
export interface Countersign extends StatementApproval {
  readonly account: AccountId
  /** What the page showed to whoever touched. */
  readonly shown: Proof['shown']
}

/** What one account may do about an ask, as policy, forge and devices are now. */
export interface May {
  /** Passkeys that policy would accept, weakest demand first. */
  readonly ways: readonly HoldWay[]
  /** Why there is none, when a passkey is all that is missing. */
  readonly why: string | null
}

/** What came of judging all countersignatures that there are. */
export type Judged =
  | { readonly kind: 'over' }
  | { readonly kind: 'failed'; readonly refused: Refusal }
  | {
      readonly kind: 'others'
      /** How many it takes in all. */
      readonly people: number
      /** Whose count; and why others' do not. */
      readonly counted: readonly AccountId[]
      readonly unfit: ReadonlyMap<AccountId, Refusal>
    }

/** What other people are asked about, as its page shows it. */
export type Subject =
  | { readonly kind: 'change'; readonly parked: ParkedChange }
  | { readonly kind: 'push'; readonly hold: Hold }

/** Something that its person signed, and that waits for other people. */
export interface Ask {
  /** Names it in addresses; unguessable. */
  readonly id: string
  readonly requester: AccountId
  readonly subject: Subject
  readonly action: Action
  /** The exact text that the requester signed. */
  readonly signed: Uint8Array
  /** Countersignatures that it takes in all. */
  readonly people: number
  /** Who countersigned, oldest first. */
  readonly given: readonly AccountId[]
  /** Unix ms. */
  readonly createdAt: number
  readonly expiresAt: number
  /** It waits no longer, for whatever reason. */
  readonly over: boolean
  /** Add one. Refused when it waits no longer, or when this one does not count; of two at once each is judged by itself. */
  countersign(one: Countersign): Promise<Refusal | undefined>
  /** Somebody who may countersign says no: that ends it. */
  decline(by: AccountId, why: string): Promise<Refusal | undefined>
}

/** All asks, as the portal sees them. */
export interface Asks {
  /** For whoever may countersign it; to everybody else, the requester too, it looks as if it did not exist. */
  byId(account: AccountId, id: string): Promise<{ readonly ask: Ask; readonly may: May } | undefined>
  /** Those that wait for this account, oldest first: forge and policy are asked. */
  waiting(account: AccountId): Promise<readonly Ask[]>
  /** The same as it was when last asked, without waiting. */
  known(account: AccountId): readonly Ask[]
  /** Called after an ask that concerns the account changed, never in the middle of one. Returns how to stop. */
  watch(account: AccountId, changed: () => void): () => void
}

/** What the flow asks. */
export interface AskRequest
  extends Pick<Ask, 'requester' | 'subject' | 'action' | 'signed' | 'people' | 'expiresAt'> {
  /**
   * What an account may do about it; undefined: they may not know of it. `fresh`: the forge is asked now, not some seconds ago.
   * Never rejects.
   */
  look(account: AccountId, fresh: boolean): Promise<May | undefined>
  /** All that count take it on, once there are enough. Never rejects. */
  judge(given: readonly Countersign[]): Promise<Judged>
  /** It ends by this no, which is on record by then. */
  declined(by: AccountId, why: string): Promise<void>
}

/** The flow's side of an ask. */
export interface OpenAsk extends Ask {
  /** It waits no longer. */
  close(): void
}

/** All asks of this process. */
export interface AskRegistry extends Asks {
  open(request: AskRequest): Result<OpenAsk, Refusal>
}

/** How long one that is over can still be looked at, ms. */
const REMEMBER = 5 * 60_000
/** Countersignatures of one ask, counted or not. */
const GIVEN_AT_MOST = 10

const NO_LONGER = refusal('proof-invalid', 'This waits for nobody any more.', 'Look at what became of it.')
const OWN = refusal('denied', 'Nobody countersigns what they asked for.', 'Ask somebody else who may.')
const ALREADY = refusal('proof-invalid', 'You countersigned this already.', 'It takes somebody else now.')

/** Asks live in memory, beside what they are about. `now` is unix ms. */
export function createAsks(deps: {
  readonly limits: { readonly total: number }
  readonly identity: Pick<Identity, 'onRevoke'>
  now(): number
}): AskRegistry {
  const { limits, identity, now } = deps
  const asks = new Map<string, One>()
  const watchers = new Map<AccountId, Set<() => void>>()
  /** What each account may countersign, as last seen. */
  const seen = new Map<AccountId, Set<One>>()

  async function look(one: One, account: AccountId, fresh: boolean): Promise<May | undefined> {
    if (account === one.requester) return undefined
    const may = await one.request.look(account, fresh)
    const own = seen.get(account) ?? new Set()
    if (may && may.ways.length > 0) seen.set(account, own.add(one))
    else own.delete(one)
    return may
  }

  /** Only people who look at a page of theirs are told, and only once it is known that it concerns them. */
  function changed(one: One): void {
    if (one.over) {
      for (const own of seen.values()) own.delete(one)
      setTimeout(() => asks.delete(one.id), REMEMBER).unref()
    }
    for (const [account, listeners] of [...watchers]) {
      if (account === one.requester) continue
      void look(one, account, false).then((may) => {
        if (one.over) seen.get(account)?.delete(one)
        if (may) for (const listener of [...listeners]) listener()
      })
    }
  }

  identity.onRevoke((revocation) => {
    if (revocation.kind === 'account') seen.delete(revocation.account)
    if (revocation.kind !== 'account' && revocation.kind !== 'device') return
    for (const one of asks.values())
      one.drop(
        ({ account, device }) =>
          account === revocation.account && (revocation.kind === 'account' || revocation.device === device),
      )
  })

  const concerns = (one: One, account: AccountId): boolean => !one.over && !one.given.includes(account)

  return {
    open(request) {
      if ([...asks.values()].filter(({ over }) => !over).length >= limits.total)
        return err(
          refusal('rate-limited', 'Too many changes wait for other people.', 'Try again in some minutes.'),
        )
      const one = new One(request, now(), changed)
      asks.set(one.id, one)
      changed(one)
      return ok(one)
    },
    async byId(account, id) {
      const one = asks.get(id)
      const may = one && (await look(one, account, true))
      return one && may ? { ask: one, may } : undefined
    },
    async waiting(account) {
      // One after the other: what the forge said of a repository is remembered for the next of it.
      for (const one of [...asks.values()]) if (concerns(one, account)) await look(one, account, false)
      return this.known(account)
    },
    known: (account) =>
      [...(seen.get(account) ?? [])]
        .filter((one) => concerns(one, account))
        .sort((a, b) => a.createdAt - b.createdAt),
    watch(account, listener) {
      const own = watchers.get(account) ?? new Set()
      watchers.set(account, own.add(listener))
      return () => {
        own.delete(listener)
        if (own.size === 0) watchers.delete(account)
      }
    },
  }
}

class One implements OpenAsk {
  readonly id = randomSecret()
  readonly request: AskRequest
  readonly createdAt: number
  people: number
  over = false
  #given: readonly Countersign[] = []
  #turn: Promise<unknown> = Promise.resolve()
  readonly #changed: (one: One) => void

  constructor(request: AskRequest, now: number, changed: (one: One) => void) {
    this.request = request
    this.people = request.people
    this.createdAt = now
    this.#changed = changed
  }

  get requester(): AccountId {
    return this.request.requester
  }
  get subject(): Subject {
    return this.request.subject
  }
  get action(): Action {
    return this.request.action
  }
  get signed(): Uint8Array {
    return this.request.signed
  }
  get expiresAt(): number {
    return this.request.expiresAt
  }
  get given(): readonly AccountId[] {
    return this.#given.map(({ account }) => account)
  }

  countersign(one: Countersign): Promise<Refusal | undefined> {
    return this.#inTurn(() => this.#take(one))
  }

  decline(by: AccountId, why: string): Promise<Refusal | undefined> {
    return this.#inTurn(async () => {
      if (this.over) return NO_LONGER
      if (by === this.requester) return OWN
      await this.request.declined(by, why)
      this.close()
      return undefined
    })
  }

  close(): void {
    if (this.over) return
    this.over = true
    this.#changed(this)
  }

  /** Take back what hangs on an account or device that ended. */
  drop(ended: (one: { readonly account: AccountId; readonly device: DeviceId }) => boolean): void {
    const left = this.#given.filter((one) => !ended(one))
    if (left.length === this.#given.length || this.over) return
    this.#given = left
    this.#changed(this)
  }

  /** One after the other: two that come at once must not both take it on. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #take(one: Countersign): Promise<Refusal | undefined> {
    if (this.over) return NO_LONGER
    if (one.account === this.requester) return OWN
    if (this.given.includes(one.account)) return ALREADY
    if (this.#given.length >= GIVEN_AT_MOST) return NO_LONGER
    const all = [...this.#given, one]
    const judged = await this.request.judge(all)
    if (judged.kind !== 'others') {
      this.#given = all
      this.close()
      return judged.kind === 'failed' ? judged.refused : undefined
    }
    this.people = judged.people
    // What ended while it was judged was dropped from what is kept, and stays so.
    const kept = new Set([...this.given, one.account])
    this.#given = all.filter(({ account }) => kept.has(account) && judged.counted.includes(account))
    this.#changed(this)
    return judged.unfit.get(one.account)
  }
}
