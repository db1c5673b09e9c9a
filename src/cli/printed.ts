/** What a command leaves behind: its exit code and its lines. */
export interface Printed {
  readonly code: number
  /** Standard output. */
  readonly lines: readonly string[]
  /** Standard error. */
  readonly errors: readonly string[]
}

export function printed(...lines: readonly string[]): Printed {
  return { code: 0, lines, errors: [] }
}

export function failed(code: number, ...errors: readonly string[]): Printed {
  return { code, lines: [], errors }
}
