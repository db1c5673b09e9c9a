/** What became of one ref. `unknown` until refs were read again. */
export interface RefOutcome {
  readonly ref: string
  readonly status: 'ok' | 'ng' | 'unknown'
  readonly reason?: string
}

/** What the forge did, as far as the door could see. */
export type Outcome =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly refs: readonly RefOutcome[] | null
      /** Of a change that was written anew: whether the forge took it, and what it said. */
      readonly accepted?: boolean
      readonly said?: string | null
    }
  /** Somebody left in the middle: for a change, only reading the refs can tell. */
  | { readonly kind: 'broken'; readonly why: 'client-gone' | 'upstream-failed'; readonly answered: boolean }
