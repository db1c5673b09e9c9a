import type { WouldBe, WouldBeRow } from '../ledger/would-be.ts'

/** Where nothing is enforced, and what enforcement would have done there. */
export interface ReportView {
  /** Nothing is enforced anywhere. */
  readonly all: boolean
  /** Repositories in which nothing is enforced, as the settings name them. */
  readonly repos: readonly string[]
  rows(limit: number): Promise<readonly WouldBeRow[]>
}

export function createReportView(
  mode: { readonly all: boolean; readonly repos: readonly string[] },
  wouldBe: Pick<WouldBe, 'rows'>,
): ReportView {
  return { ...mode, rows: (limit) => wouldBe.rows(limit) }
}

/** The mode in a sentence; null while everything is enforced. */
export function modeWords({ all, repos }: Pick<ReportView, 'all' | 'repos'>): string | null {
  if (all)
    return 'Report-only: policy asks for nothing and refuses nothing here. What it would have done is on record.'
  if (repos.length === 0) return null
  const some = repos.length > 3 ? `${repos.length} repositories` : repos.join(', ')
  return `Report-only in ${some}: policy asks for nothing and refuses nothing there. What it would have done is on record.`
}
