/** What became of one ref. `unknown` until refs were read again. */
export interface RefOutcome {
  readonly ref: string
  /** `mismatch`: the forge did to it what nobody signed. */
  readonly status: 'ok' | 'ng' | 'unknown' | 'mismatch'
  readonly reason?: string
  /** Of a change by a page: what the ref held before, and what it holds now; all zeros for nothing. */
  readonly before?: string
  readonly after?: string
}

/** What the forge did, as far as the door could see. */
export type Outcome =
  | {
      readonly kind: 'answered'
      /** Null: the forge was not asked. */
      readonly status: number | null
      readonly refs: readonly RefOutcome[] | null
      /** Of a change that was written anew: whether the forge took it, and what it said. */
      readonly accepted?: boolean
      readonly said?: string | null
      /** What its person is told instead, when the answer is not the whole of it. */
      readonly told?: string
    }
  /** Somebody left in the middle: for a change, only reading the refs can tell. */
  | { readonly kind: 'broken'; readonly why: 'client-gone' | 'upstream-failed'; readonly answered: boolean }

/** In the log, of a ref that is frozen then. */
export const ALARM = 'ALARM: the forge did something else than was signed, and the ref is frozen'
