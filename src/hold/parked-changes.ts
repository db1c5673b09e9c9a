import type { Action, Resource } from '../core/action/action.ts'
import type { Change } from '../core/action/change.ts'
import { movesOf } from '../core/action/moves.ts'
import { randomSecret } from '../core/crypto.ts'
import type { Landing, Patch } from '../core/git/landing.ts'
import type { AccountId, DeviceId, SessionId } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import { parseStatement } from '../core/statement/statement.ts'
import type { Identity } from '../identity/identity.ts'
import type { Ask, AskRegistry, Countersign, Judged, May, OpenAsk } from './asks.ts'
import type { HoldWay } from './holds.ts'

/** How far a parked change is. The last row are ends; an ended one can be looked at for some minutes. */
export type ParkedState =
  | 'waiting' // for a touch
  | 'approved' // touched; on its way through the gates
  | 'signed' // touched; waits for other people to countersign
  | 'done' // the forge took it
  | 'rejected' // touched, but a gate or the forge said no
  | 'refused' // by its person, or by somebody who was asked to countersign
  | 'expired'
  | 'revoked' // account, device or session ended

/** A signed statement of a change. */
export interface StatementApproval {
  readonly device: DeviceId
  readonly text: string
  /** Armored SSHSIG; null for keys that OpenSSH has no algorithm for. */
  readonly signature: string | null
  /** The raw assertion, base64url. */
  readonly assertion: {
    readonly credential: string
    readonly authenticatorData: string
    readonly clientDataJSON: string
    readonly signature: string
  }
}

/** What a merge would do, for looking at. */
export interface MergeLook {
  readonly landing: Landing
  /** Its changes, up to about `bytes` of text. */
  patch(bytes: number): Promise<Patch>
}

/** One change of the forge that waits for its person's touch, described in fields: nothing of the request is kept. */
export interface ParkedChange {
  /** Names it in addresses; unguessable. */
  readonly id: string
  readonly account: AccountId
  readonly change: Change
  readonly resource: Resource
  /** Policies that ask for the touch, by their names. */
  readonly why: string
  /** Where on the forge its form stands, for going back. */
  readonly page: string
  readonly client: { readonly address: string; readonly userAgent: string }
  /** Name of the token that it came with, when a program asks. */
  readonly program: string | null
  /** Unix ms. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly state: ParkedState
  /** Words behind an end, for the person. */
  readonly said: string | null
  /** Path on the forge where the person goes on, once it is done. */
  readonly next: string | null
  /** Of a merge: let `work` look at what comes of it, computed again. */
  readonly merge?: (work: (look: MergeLook) => Promise<unknown>) => Promise<Refusal | undefined>
  /** How many other people must countersign it, as policy said when it was sent. */
  readonly people: number
  /** How long other people have from its signature on, ms. */
  readonly life: number
  /** What they are asked, once its person signed. */
  readonly ask: Ask | null
  /** The account's own passkeys that policy would accept now, weakest demand first. */
  ways(): readonly HoldWay[]
  /** The touch: carries it out, once, and resolves with the end. Refused when it no longer waits. */
  approve(approval: StatementApproval): Promise<Refusal | undefined>
  /** The person's no, also while it waits for others. */
  refuse(): Refusal | undefined
}

/** What came of carrying it out. */
export type Carried =
  | { readonly kind: 'done'; readonly next: string | null }
  | Exclude<Judged, { kind: 'over' }>

/** What the flow parks. */
export interface ParkRequest
  extends Pick<
    ParkedChange,
    'account' | 'change' | 'resource' | 'why' | 'page' | 'client' | 'ways' | 'people' | 'life' | 'merge'
  > {
  /** What opened the request: when one of these ends, so does the change. */
  readonly device: DeviceId
  readonly sessions: readonly SessionId[]
  readonly token?: { readonly id: string; readonly name: string }
  /** Take it through the gates again, with the touch and what others countersigned. Never rejects. */
  carryOut(
    parked: ParkedChange,
    approval: StatementApproval,
    countersigns: readonly Countersign[],
  ): Promise<Carried>
  /** What another account may do about it; undefined: they may not know of it. Never rejects. */
  look(account: AccountId, fresh: boolean): Promise<May | undefined>
  /** Put the no of somebody else on record; resolves with their name. */
  declined(by: AccountId, why: string, signed: Uint8Array): Promise<string>
}

export interface ParkedChanges {
  park(request: ParkRequest): Result<ParkedChange, Refusal>
  /** A change of this very account; unknown and foreign ids look alike. */
  byId(account: AccountId, id: string): ParkedChange | undefined
  /** Those that wait, oldest first. */
  waiting(account: AccountId): readonly ParkedChange[]
  /** Called after each change of any parked change of the account, never in the middle of one. Returns how to stop. */
  watch(account: AccountId, changed: () => void): () => void
}

export interface ParkedLimits {
  readonly perAccount: number
  readonly total: number
  /** Text of all forms together, in characters. */
  readonly size: number
  /** ms. */
  readonly life: number
}

/** How long an ended change can still be looked at, ms. */
const REMEMBER = 5 * 60_000

/** Ended changes of one person that can still be looked at. */
const REMEMBER_AT_MOST = 20
/** One person's part of all text that waits: none keeps everybody else from changing anything. */
const SHARE = 4

const NO_LONGER = refusal(
  'proof-invalid',
  'This change no longer waits for a confirmation.',
  'Look at what became of it, and send the form again if need be.',
)

/** Parked changes live in memory: after a restart the form is sent again. `now` is unix ms. */
export function createParkedChanges(deps: {
  readonly limits: ParkedLimits
  readonly identity: Pick<Identity, 'onRevoke'>
  readonly asks: Pick<AskRegistry, 'open'>
  now(): number
}): ParkedChanges {
  const { limits, identity, asks, now } = deps
  const parked = new Map<string, Parked>()
  const watchers = new Map<AccountId, Set<() => void>>()
  /** Text of what waits, by account. */
  const held = new Map<AccountId, number>()
  let running = 0
  let size = 0

  function tell(account: AccountId): void {
    for (const watcher of [...(watchers.get(account) ?? [])]) watcher()
  }

  identity.onRevoke((revocation) => {
    for (const one of parked.values()) {
      const { account, sessions, token } = one.request
      if (revocation.account !== account) continue
      if (
        revocation.kind === 'account' ||
        (revocation.kind === 'device' && one.devices.includes(revocation.device)) ||
        (revocation.kind === 'session' && sessions.includes(revocation.session)) ||
        (revocation.kind === 'token' && revocation.id === token?.id)
      )
        one.end('revoked', 'The account, device, session or token behind it was ended.')
    }
  })

  function take(account: AccountId, changes: number, characters: number): void {
    running += changes
    size += characters
    const mine = (held.get(account) ?? 0) + characters
    if (mine === 0) held.delete(account)
    else held.set(account, mine)
  }

  /** Ended ones count for nothing, so of each person only the newest can still be looked at. */
  function forgetOldest(account: AccountId): void {
    const ended = [...parked.values()].filter(
      (one) => one.account === account && !['waiting', 'signed', 'approved'].includes(one.state),
    )
    for (const one of ended.slice(0, -REMEMBER_AT_MOST)) parked.delete(one.id)
  }

  const waitingOf = (account: AccountId): Parked[] =>
    [...parked.values()].filter(
      (one) => one.account === account && (one.state === 'waiting' || one.state === 'signed'),
    )

  return {
    park(request) {
      // What waits for others is kept as it was signed, too.
      const more = sizeOf(request.change) * (request.people > 0 ? 3 : 1)
      const own = waitingOf(request.account)
      if (own.length >= limits.perAccount)
        return err(
          refusal(
            'rate-limited',
            `${limits.perAccount} of your changes wait for a confirmation already.`,
            'Confirm or drop them first.',
          ),
        )
      const mine = held.get(request.account) ?? 0
      if (running >= limits.total || size + more > limits.size || mine + more > limits.size / SHARE)
        return err(
          refusal('rate-limited', 'Too many changes wait for a confirmation.', 'Try again in some minutes.'),
        )
      const one = new Parked(request, { now, life: limits.life, asks }, (over) => {
        tell(request.account)
        if (!over) return
        take(request.account, -1, -more)
        forgetOldest(request.account)
        setTimeout(() => parked.delete(one.id), REMEMBER).unref()
      })
      parked.set(one.id, one)
      take(request.account, 1, more)
      tell(request.account)
      return ok(one)
    },
    byId(account, id) {
      const found = parked.get(id)
      return found?.account === account ? found : undefined
    },
    waiting: waitingOf,
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

class Parked implements ParkedChange {
  readonly id = randomSecret()
  readonly request: ParkRequest
  readonly createdAt: number
  expiresAt: number
  state: ParkedState = 'waiting'
  said: string | null = null
  next: string | null = null
  ask: OpenAsk | null = null
  readonly merge?: NonNullable<ParkedChange['merge']>
  #timer: NodeJS.Timeout
  #approval: StatementApproval | undefined
  /** Ended while it was on its way through the gates: that counts if they let it wait on. */
  #ended: readonly [Ending, string | null] | undefined
  readonly #with: With
  readonly #changed: (over: boolean) => void

  constructor(request: ParkRequest, deps: With, changed: (over: boolean) => void) {
    this.request = request
    this.createdAt = deps.now()
    this.expiresAt = this.createdAt + deps.life
    this.#with = deps
    this.#changed = changed
    if (request.merge) this.merge = request.merge
    this.#timer = this.#endIn(deps.life)
  }

  get account(): AccountId {
    return this.request.account
  }
  get change(): Change {
    return this.request.change
  }
  get resource(): Resource {
    return this.request.resource
  }
  get why(): string {
    return this.request.why
  }
  get page(): string {
    return this.request.page
  }
  get client(): { readonly address: string; readonly userAgent: string } {
    return this.request.client
  }
  get people(): number {
    return this.request.people
  }
  get life(): number {
    return this.request.life
  }
  /** Of its person: what sent it, and what signed it. */
  get devices(): readonly DeviceId[] {
    return this.#approval ? [this.request.device, this.#approval.device] : [this.request.device]
  }
  get program(): string | null {
    return this.request.token?.name ?? null
  }
  ways(): readonly HoldWay[] {
    return this.request.ways()
  }

  async approve(approval: StatementApproval): Promise<Refusal | undefined> {
    if (this.state !== 'waiting') return NO_LONGER
    clearTimeout(this.#timer)
    this.#approval = approval
    const carried = await this.#carry(approval, [])
    if (carried.kind === 'failed') return carried.refused
    return carried.kind === 'others' && (this.state as ParkedState) === 'signed'
      ? this.#askOthers(approval, carried.people)
      : undefined
  }

  refuse(): Refusal | undefined {
    return this.state !== 'approved' && this.end('refused', null) ? undefined : NO_LONGER
  }

  /** Ends what still waits; tells whether it did. */
  end(state: Ending, said: string | null): boolean {
    if (this.state === 'approved') this.#ended ??= [state, said]
    if (this.state !== 'waiting' && this.state !== 'signed') return false
    clearTimeout(this.#timer)
    this.#over(state, said)
    return true
  }

  async #carry(approval: StatementApproval, given: readonly Countersign[]): Promise<Carried> {
    this.state = 'approved'
    this.#changed(false)
    const carried = await this.request.carryOut(this, approval, given)
    switch (carried.kind) {
      case 'done':
        this.next = carried.next
        this.#over('done', null)
        break
      case 'failed':
        this.#over('rejected', carried.refused.say)
        break
      case 'others':
        if (this.#ended) {
          this.#over(...this.#ended)
          return { kind: 'failed', refused: NO_LONGER }
        }
        this.state = 'signed'
        this.#changed(false)
    }
    return carried
  }

  /** From now on it waits for others, for as long as its statement says. */
  #askOthers(approval: StatementApproval, people: number): Refusal | undefined {
    const { asks, now } = this.#with
    const statement = parseStatement(approval.text)
    const { account, change, resource } = this.request
    const signed = Buffer.from(approval.text)
    const asked = asks.open({
      requester: account,
      subject: { kind: 'change', parked: this },
      action: { verb: change.verb, resource, moves: movesOf(change.verb, change.stated) } as Action,
      signed,
      people,
      expiresAt: statement.ok ? statement.value.expires : now(),
      look: (other, fresh) => this.request.look(other, fresh),
      judge: async (given) => {
        const carried = await this.#carry(approval, given)
        return carried.kind === 'done' ? { kind: 'over' } : carried
      },
      declined: async (by, why) => {
        const name = await this.request.declined(by, why, signed)
        this.end('refused', why === '' ? `${name} refused.` : `${name} refused: ${why}`)
      },
    })
    if (!asked.ok) {
      this.#over('rejected', asked.error.say)
      return asked.error
    }
    this.ask = asked.value
    this.expiresAt = asked.value.expiresAt
    this.#timer = this.#endIn(this.expiresAt - now())
    this.#changed(false)
    return undefined
  }

  /** The timer runs on the monotonic clock; `expiresAt` is what people are told. */
  #endIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.end('expired', null), Math.max(0, ms)).unref()
  }

  #over(state: ParkedState, said: string | null): void {
    clearTimeout(this.#timer)
    this.state = state
    this.said = said
    this.#changed(true)
    this.ask?.close()
  }
}

type Ending = 'refused' | 'expired' | 'revoked'

interface With {
  readonly life: number
  readonly asks: Pick<AskRegistry, 'open'>
  now(): number
}

/** What a change holds in memory, roughly. */
function sizeOf({ fields, stated, sentence }: Change): number {
  return [...fields, ...stated].reduce(
    (sum, [key, value]) => sum + key.length + value.length,
    sentence.length,
  )
}
