import type { SignedMerge } from '../git/merged-commit.ts'
import type { RepoRef } from './action.ts'
import type { Field } from './field.ts'
import { refBytes, saidIn, type Tip } from './moves.ts'

/** Where a merge takes its commits from, possibly another repository, and what it found there. */
export interface MergeHead extends Tip {
  readonly repo: RepoRef
}

/** The head of a merge, by its stated fields; undefined for what merges nothing. */
export function headOf(verb: string, fields: readonly Field[]): MergeHead | undefined {
  if (verb !== 'pr.merge') return undefined
  const said = saidIn(fields)
  const [owner = '', name = ''] = said('head-repo').split('/')
  return {
    repo: { id: Number(said('head-repo-id')), owner, name },
    ref: refBytes(said('head-ref')),
    id: said('head'),
  }
}

/** What a merge was signed as. */
export function mergeOf(fields: readonly Field[]): SignedMerge {
  const said = saidIn(fields)
  return { base: said('base'), head: said('head'), tree: said('result-tree') }
}
