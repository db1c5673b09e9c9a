import { type PolicyBed, policyBed } from '../../test/support/policy-bed.ts'
import { loadCedar } from './cedar.ts'
import { inProcessReader } from './reader.ts'

/**
 * For tests: a `policyBed` whose files are read on this thread. A worker for each load is what most tests of policy would
 * otherwise spend their time on; that it reads alike is tested where the worker is.
 */
export const inProcessBed = (files: Record<string, string> = {}): Promise<PolicyBed> =>
  policyBed(files, () => inProcessReader((work) => work(loadCedar())))
