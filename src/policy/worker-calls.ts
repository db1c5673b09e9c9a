import type { Source } from './sources.ts'
import type { ParsedPolicy } from './validate-set.ts'

/** What the worker is asked. It answers each call with one `Result` of the value or an {@link Unreadable}. */
export type WorkerCall =
  | { readonly kind: 'parse'; readonly sources: readonly Source[] }
  | { readonly kind: 'validate'; readonly schema: string; readonly policies: readonly ParsedPolicy[] }

/** A `PolicyError` in a form that passes between threads. */
export interface Unreadable {
  readonly file: string
  readonly line: number
  readonly why: string
}

/** How far a worker got, in memory that survives its end: index into `sources` plus 1, and the line. */
export type Progress = Int32Array<SharedArrayBuffer>
