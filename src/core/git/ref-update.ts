/** One command of a push: move `ref` from `before` to `after`. An all-zero id means "does not exist". */
export interface RefUpdate {
  readonly before: string
  readonly after: string
  /** The ref name as git's bytes read as latin1, since git does not promise UTF-8. */
  readonly ref: string
}

/** Whether an object id is all zeros, SHA-1 or SHA-256. */
export function isZeroId(id: string): boolean {
  return /^0+$/.test(id)
}
