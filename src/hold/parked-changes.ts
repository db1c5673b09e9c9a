import type { Resource } from '../core/action/action.ts'
import type { Change } from '../core/action/change.ts'
import { randomSecret } from '../core/crypto.ts'
import type { AccountId, DeviceId, SessionId } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Identity } from '../identity/identity.ts'
import type { HoldWay } from './holds.ts'

/** How far a parked change is. The last row are ends; an ended one can be looked at for some minutes. */
export type ParkedState =
  | 'waiting' // for a touch
  | 'approved' // touched; on its way through the gates
  | 'done' // the forge took it
  | 'rejected' // touched, but a gate or the forge said no
  | 'refused' // by its person
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
  /** Unix ms. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly state: ParkedState
  /** Words behind an end, for the person. */
  readonly said: string | null
  /** Path on the forge where the person goes on, once it is done. */
  readonly next: string | null
  /** The account's own passkeys that policy would accept now, weakest demand first. */
  ways(): readonly HoldWay[]
  /** The touch: carries it out, once, and resolves with the end. Refused when it no longer waits. */
  approve(approval: StatementApproval): Promise<Refusal | undefined>
  /** The person's no. */
  refuse(): Refusal | undefined
}

/** What the flow parks. */
export interface ParkRequest
  extends Pick<ParkedChange, 'account' | 'change' | 'resource' | 'why' | 'page' | 'client' | 'ways'> {
  /** What opened the request: when one of these ends, so does the change. */
  readonly device: DeviceId
  readonly sessions: readonly SessionId[]
  /** Take it through the gates again, with the touch. Never rejects. */
  carryOut(parked: ParkedChange, approval: StatementApproval): Promise<Result<string | null, Refusal>>
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

const NO_LONGER = refusal(
  'proof-invalid',
  'This change no longer waits for a confirmation.',
  'Look at what became of it, and send the form again if need be.',
)

/** Parked changes live in memory: after a restart the form is sent again. `now` is unix ms. */
export function createParkedChanges(deps: {
  readonly limits: ParkedLimits
  readonly identity: Pick<Identity, 'onRevoke'>
  now(): number
}): ParkedChanges {
  const { limits, identity, now } = deps
  const parked = new Map<string, Parked>()
  const watchers = new Map<AccountId, Set<() => void>>()
  let size = 0

  function tell(account: AccountId): void {
    for (const watcher of [...(watchers.get(account) ?? [])]) watcher()
  }

  identity.onRevoke((revocation) => {
    for (const one of parked.values()) {
      const { account, device, sessions } = one.request
      if (revocation.account !== account) continue
      if (
        revocation.kind === 'account' ||
        (revocation.kind === 'device' && revocation.device === device) ||
        (revocation.kind === 'session' && sessions.includes(revocation.session))
      )
        one.end('revoked', 'The account, device or session behind it was ended.')
    }
  })

  const waitingOf = (account: AccountId): Parked[] =>
    [...parked.values()].filter((one) => one.account === account && one.state === 'waiting')

  return {
    park(request) {
      const more = sizeOf(request.change)
      const own = waitingOf(request.account)
      if (own.length >= limits.perAccount)
        return err(
          refusal(
            'rate-limited',
            `${limits.perAccount} of your changes wait for a confirmation already.`,
            'Confirm or drop them first.',
          ),
        )
      if (parked.size >= limits.total || size + more > limits.size)
        return err(
          refusal('rate-limited', 'Too many changes wait for a confirmation.', 'Try again in some minutes.'),
        )
      const one = new Parked(request, now(), limits.life, (over) => {
        tell(request.account)
        if (!over) return
        setTimeout(() => {
          if (parked.delete(one.id)) size -= more
        }, REMEMBER).unref()
      })
      parked.set(one.id, one)
      size += more
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
  readonly expiresAt: number
  state: ParkedState = 'waiting'
  said: string | null = null
  next: string | null = null
  readonly #timer: NodeJS.Timeout
  readonly #changed: (over: boolean) => void

  constructor(request: ParkRequest, now: number, life: number, changed: (over: boolean) => void) {
    this.request = request
    this.createdAt = now
    this.expiresAt = now + life
    this.#changed = changed
    // The timer runs on the monotonic clock; `expiresAt` is what people are told.
    this.#timer = setTimeout(() => this.end('expired', null), life)
    this.#timer.unref()
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
  ways(): readonly HoldWay[] {
    return this.request.ways()
  }

  async approve(approval: StatementApproval): Promise<Refusal | undefined> {
    if (this.state !== 'waiting') return NO_LONGER
    clearTimeout(this.#timer)
    this.state = 'approved'
    this.#changed(false)
    const done = await this.request.carryOut(this, approval)
    this.state = done.ok ? 'done' : 'rejected'
    if (done.ok) this.next = done.value
    else this.said = done.error.say
    this.#changed(true)
    return done.ok ? undefined : done.error
  }

  refuse(): Refusal | undefined {
    return this.end('refused', null) ? undefined : NO_LONGER
  }

  /** Ends what still waits; tells whether it did. */
  end(state: 'refused' | 'expired' | 'revoked', said: string | null): boolean {
    if (this.state !== 'waiting') return false
    clearTimeout(this.#timer)
    this.state = state
    this.said = said
    this.#changed(true)
    return true
  }
}

/** What a change holds in memory, roughly. */
function sizeOf({ fields, stated, sentence }: Change): number {
  return [...fields, ...stated].reduce(
    (sum, [key, value]) => sum + key.length + value.length,
    sentence.length,
  )
}
