import type { RepoRef } from '../core/action/action.ts'
import type { Landing, Patch, Shown } from '../core/git/landing.ts'
import type { RefUpdate } from '../core/git/ref-update.ts'
import type { AccountId, DeviceId } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Identity, Revocation } from '../identity/identity.ts'
import type { OpenAsk } from './asks.ts'
import { newCode, readCode } from './code.ts'
import type { Held, Hold, HoldApproval, HoldState, Holds, HoldWay } from './holds.ts'

export interface HoldLimits {
  /** At once, of one account and of all. */
  readonly perAccount: number
  readonly total: number
  /** From the moment it can be approved, ms. */
  readonly life: number
}

/** A push as the flow wants it held. */
export interface HoldRequest {
  readonly account: AccountId
  /** What opened the connection: when it ends, the hold ends. */
  readonly device: DeviceId
  readonly credential: string
  readonly repo: RepoRef
  readonly part: 'code' | 'wiki'
  readonly updates: readonly RefUpdate[]
  readonly pushOptions: readonly string[]
  readonly client: { readonly address: string; readonly userAgent: string }
  readonly why: string
  readonly people: number
  ways(shown: Shown, batch: boolean): readonly HoldWay[]
  patch(ref: number, bytes: number): Promise<Patch>
}

/** Ends that come before anybody approved. */
export type EarlyEnd = 'refused' | 'expired' | 'gone' | 'revoked' | 'unusable' | 'closed'

/** The flow's side of a hold. */
export interface HeldPush {
  readonly hold: Hold
  /** Aborts when it ends without an approval: whoever works for it stops. */
  readonly ended: AbortSignal
  /** Undefined while it lasts, and after an approval. */
  readonly end: EarlyEnd | undefined
  /** It can be approved from now on, for its life. */
  ready(certificate: Buffer): void
  looked(landing: Landing): void
  /** End it before an approval, e.g. because the client left. `said` is for the person. No effect when it has ended. */
  stop(end: EarlyEnd, refused: Refusal, said?: string): void
  /** Resolves once: the approval, or why there is none. */
  readonly answer: Promise<Held>
  /** Signed by its person, it waits for others until `ask` is over. */
  askOthers(ask: OpenAsk, life: number): void
  /** Enough others countersigned: it goes on. */
  agreed(): void
  /** What became of an approved push. */
  settled(end: 'landed' | 'rejected', said: string | null): void
}

/** All held pushes of this process. */
export interface HoldRegistry extends Holds {
  open(request: HoldRequest): Result<HeldPush, Refusal>
  /** End them all: the gateway stops. */
  close(): void
}

/** How long an ended hold can still be looked at, ms. */
const REMEMBER = 10 * 60_000
const REMEMBER_AT_MOST = 50

const OVER: ReadonlySet<HoldState> = new Set<HoldState>([
  'landed',
  'rejected',
  'refused',
  'expired',
  'gone',
  'revoked',
  'unusable',
  'closed',
])

/** It can still be ended by anybody who may. */
const WAITS: ReadonlySet<HoldState> = new Set<HoldState>(['receiving', 'waiting', 'signed'])

export const CLIENT_LEFT = refusal('not-approved', 'The client left before the push was approved.')
const REVOKED = refusal(
  'not-approved',
  'The account, device or git password of this push was ended.',
  'Sign in and get a fresh git password.',
)
const CLOSING = refusal('closing', 'The gateway is stopping.', 'Push again in a moment.')
const TOO_FEW = refusal(
  'not-approved',
  'Too few people countersigned this push in time.',
  'Push again, and ask somebody who may.',
)
const NO_LONGER = refusal(
  'proof-invalid',
  'This push no longer waits for an approval.',
  'Look at what became of it.',
)

/** Held pushes live in this process, with the connections that they belong to. `now` is unix ms. */
export function createHolds(deps: {
  readonly limits: HoldLimits
  readonly identity: Pick<Identity, 'onRevoke'>
  now(): number
}): HoldRegistry {
  const { limits, identity, now } = deps
  const byAccount = new Map<AccountId, Set<Waiting>>()
  const watchers = new Map<AccountId, Set<() => void>>()
  const unsubscribe = identity.onRevoke((revocation) => {
    for (const held of of(revocation.account))
      if (hangsOn(held.request, revocation)) held.stop('revoked', REVOKED)
  })
  let running = 0
  let closed = false

  function of(account: AccountId): Waiting[] {
    return [...(byAccount.get(account) ?? [])]
  }

  function changed(held: Waiting): void {
    if (OVER.has(held.state) && !held.counted.over) {
      held.counted.over = true
      running--
      setTimeout(() => forget(held), REMEMBER).unref()
      const ended = of(held.account).filter(({ state }) => OVER.has(state))
      for (const old of ended.slice(0, -REMEMBER_AT_MOST)) forget(old)
    }
    for (const watcher of [...(watchers.get(held.account) ?? [])]) watcher()
  }

  function forget(held: Waiting): void {
    const own = byAccount.get(held.account)
    own?.delete(held)
    if (own?.size === 0) byAccount.delete(held.account)
  }

  return {
    open(request) {
      if (closed) return err(CLOSING)
      const own = of(request.account)
      if (own.filter(({ state }) => !OVER.has(state)).length >= limits.perAccount)
        return err(
          refusal(
            'rate-limited',
            `${limits.perAccount} of your pushes wait for approval already.`,
            'Approve or refuse them first.',
          ),
        )
      if (running >= limits.total)
        return err(
          refusal('rate-limited', 'Too many pushes wait for approval.', 'Try again in some minutes.'),
        )
      let code = newCode()
      while (own.some((held) => held.code === code)) code = newCode()
      const held = new Waiting(code, request, { now, life: limits.life, changed })
      running++
      byAccount.set(request.account, new Set([...own, held]))
      changed(held)
      return ok(held)
    },
    byCode(account, typed) {
      const code = readCode(typed)
      return of(account).find((held) => held.code === code)
    },
    waiting: (account) => of(account).filter(({ state }) => WAITS.has(state)),
    watch(account, listener) {
      const own = watchers.get(account) ?? new Set()
      watchers.set(account, own.add(listener))
      return () => {
        own.delete(listener)
        if (own.size === 0) watchers.delete(account)
      }
    },
    close() {
      closed = true
      unsubscribe()
      for (const account of [...byAccount.keys()])
        for (const held of of(account)) held.stop('closed', CLOSING)
    },
  }
}

/** One hold, seen by its page as {@link Hold} and by the flow as {@link HeldPush}. */
class Waiting implements Hold, HeldPush {
  readonly code: string
  readonly request: HoldRequest
  readonly counted = { over: false }
  readonly createdAt: number
  readonly answer: Promise<Held>
  state: HoldState = 'receiving'
  said: string | null = null
  landing: Landing | undefined
  ask: OpenAsk | null = null
  certificate: Buffer = Buffer.alloc(0)
  expiresAt: number
  end: EarlyEnd | undefined
  readonly #stop = new AbortController()
  readonly #with: { now(): number; life: number; changed(held: Waiting): void }
  #answer!: (held: Held) => void
  #timer: NodeJS.Timeout | undefined

  constructor(
    code: string,
    request: HoldRequest,
    deps: { now(): number; life: number; changed(held: Waiting): void },
  ) {
    this.code = code
    this.request = request
    this.#with = deps
    this.createdAt = deps.now()
    this.expiresAt = this.createdAt + deps.life
    this.answer = new Promise((resolve) => {
      this.#answer = resolve
    })
  }

  get hold(): Hold {
    return this
  }
  get account(): AccountId {
    return this.request.account
  }
  get repo(): RepoRef {
    return this.request.repo
  }
  get part(): 'code' | 'wiki' {
    return this.request.part
  }
  get updates(): readonly RefUpdate[] {
    return this.request.updates
  }
  get pushOptions(): readonly string[] {
    return this.request.pushOptions
  }
  get client(): { readonly address: string; readonly userAgent: string } {
    return this.request.client
  }
  get why(): string {
    return this.request.why
  }
  get people(): number {
    return this.request.people
  }
  get ended(): AbortSignal {
    return this.#stop.signal
  }
  ways(shown: Shown, batch: boolean): readonly HoldWay[] {
    return this.request.ways(shown, batch)
  }
  patch(ref: number, bytes: number): Promise<Patch> {
    return this.request.patch(ref, bytes)
  }

  ready(certificate: Buffer): void {
    if (this.state !== 'receiving') return
    const { now, life } = this.#with
    this.certificate = certificate
    this.expiresAt = now() + life
    // The timer runs on the monotonic clock; `expiresAt` is what people are told.
    this.#timer = setTimeout(() => this.stop('expired', expired(life)), life)
    this.#become('waiting')
  }

  looked(landing: Landing): void {
    this.landing = landing
    this.#with.changed(this)
  }

  approve(approval: HoldApproval): Refusal | undefined {
    if (this.state !== 'waiting') return NO_LONGER
    clearTimeout(this.#timer)
    this.#answer(ok(approval))
    this.#become('approved')
    return undefined
  }

  askOthers(ask: OpenAsk, life: number): void {
    this.ask = ask
    // It came signed, or its touch was just seen to hold.
    if (this.state !== 'approved' && this.state !== 'receiving') {
      ask.close()
      return
    }
    this.expiresAt = ask.expiresAt
    this.#timer = setTimeout(() => this.stop('expired', TOO_FEW), life)
    this.#become('signed')
  }

  agreed(): void {
    if (this.state !== 'signed') return
    clearTimeout(this.#timer)
    this.#become('approved')
  }

  refuse(why: string): Refusal | undefined {
    if (!WAITS.has(this.state)) return NO_LONGER
    const words = why.trim().slice(0, 300)
    this.stop(
      'refused',
      refusal(
        'not-approved',
        words === '' ? 'The push was refused in the portal.' : `The push was refused in the portal: ${words}`,
      ),
      words,
    )
    return undefined
  }

  stop(end: EarlyEnd, refused: Refusal, said: string = refused.say): void {
    if (!WAITS.has(this.state)) return
    clearTimeout(this.#timer)
    this.end = end
    this.said = said
    this.#answer(err(refused))
    this.#stop.abort(refused)
    this.#become(end)
    this.ask?.close()
  }

  settled(end: 'landed' | 'rejected', said: string | null): void {
    if (this.state !== 'approved') return
    this.said = said
    this.#become(end)
    this.ask?.close()
  }

  #become(state: HoldState): void {
    this.state = state
    this.#with.changed(this)
  }
}

function expired(life: number): Refusal {
  return refusal(
    'not-approved',
    'Nobody touched a key for this push in time.',
    `Push again, and approve it within ${life >= 120_000 ? `${Math.round(life / 60_000)} minutes` : `${Math.round(life / 1000)} seconds`}.`,
  )
}

function hangsOn({ device, credential }: HoldRequest, revocation: Revocation): boolean {
  switch (revocation.kind) {
    case 'account':
      return true
    case 'device':
      return revocation.device === device
    case 'git-password':
      return revocation.id === credential
    case 'session':
    case 'token':
      return false // a push hangs on its git password
  }
}
