import { oneLine } from '../../core/git/report-status.ts'
import type { Refusal } from '../../core/refusal.ts'

/** One printable line for a terminal. */
export function wordsOf({ say, fix }: Refusal): string {
  return oneLine(fix === undefined ? say : `${say} ${fix}`)
}
