import type { Refusal } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { SpoolLimits } from './limits.ts'
import { accountFull, spoolFull, tooLarge, tooManyPushes } from './refusals.ts'

type RoomLimits = Pick<
  SpoolLimits,
  'pushes' | 'pushesOfAccount' | 'pushBytes' | 'accountBytes' | 'totalBytes'
>

/** Space that is left for pushes: counted, not measured, so that two of them cannot both take the last of it. */
export class Room {
  readonly #limits: RoomLimits
  readonly #accounts = new Map<string, { pushes: number; bytes: number }>()
  #pushes = 0
  #bytes = 0

  constructor(limits: RoomLimits) {
    this.#limits = limits
  }

  /** A place for one push of `account`. Refused: too many wait already. */
  enter(account: string): Result<Share, Refusal> {
    const mine = this.#accounts.get(account) ?? { pushes: 0, bytes: 0 }
    if (this.#pushes >= this.#limits.pushes || mine.pushes >= this.#limits.pushesOfAccount)
      return err(tooManyPushes())
    this.#accounts.set(account, mine)
    this.#pushes++
    mine.pushes++
    let taken = 0
    let left = false
    const add = (bytes: number): void => {
      taken += bytes
      mine.bytes += bytes
      this.#bytes += bytes
    }
    return ok({
      get taken() {
        return taken
      },
      take: (bytes) => {
        if (left) return spoolFull()
        if (mine.bytes + bytes > this.#limits.accountBytes) return accountFull()
        if (this.#bytes + bytes > this.#limits.totalBytes) return spoolFull()
        add(bytes)
        return undefined
      },
      give: (bytes) => {
        if (!left) add(-Math.min(bytes, taken))
      },
      leave: () => {
        if (left) return
        add(-taken)
        left = true
        this.#pushes--
        if (--mine.pushes === 0) this.#accounts.delete(account)
      },
    })
  }

  /** Whether one push may be this large at all. */
  fits(bytes: number): Refusal | undefined {
    return bytes > this.#limits.pushBytes ? tooLarge(this.#limits.pushBytes) : undefined
  }

  /** Bytes taken by all pushes. */
  get bytes(): number {
    return this.#bytes
  }
}

/** What one push has taken. */
export interface Share {
  readonly taken: number
  /** Take so many bytes more, or be refused and have taken nothing. */
  take(bytes: number): Refusal | undefined
  give(bytes: number): void
  /** Give everything back; once is enough. */
  leave(): void
}
