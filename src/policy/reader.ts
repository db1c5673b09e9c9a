import type { Cedar } from './cedar.ts'
import { parseSources, type SourcedPolicy } from './parse-source.ts'
import type { Source } from './sources.ts'
import { type ParsedPolicy, type Remark, validateSet } from './validate-set.ts'

/**
 * Reads one set of policies with Cedar, in two steps since names are resolved between them. Both reject with
 * {@link PolicyError} only. A reader is for one set and is closed after it.
 */
export interface PolicyReader {
  parse(sources: readonly Source[]): Promise<SourcedPolicy[]>
  validate(schema: string, policies: readonly ParsedPolicy[]): Promise<Remark[]>
  close(): Promise<void>
}

/** Lends out Cedar for as long as `work` runs. */
export type UseCedar = <T>(work: (cedar: typeof Cedar) => T) => T

/** Reads on this thread: for text of our own, which is known to be harmless and which a start waits for. */
export function inProcessReader(using: UseCedar): PolicyReader {
  return {
    parse: async (sources) => using((cedar) => parseSources(cedar, sources)),
    validate: async (schema, policies) => using((cedar) => validateSet(cedar, schema, policies)),
    close: async () => undefined,
  }
}
