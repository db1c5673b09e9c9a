import { NOW, type PolicyBed, policyDir } from '../../test/support/policy-bed.ts'
import { loadCedar } from './cedar.ts'
import { type LoadedPolicies, loadPolicies } from './load-policies.ts'
import { inProcessReader } from './reader.ts'

export interface InProcessBed extends PolicyBed {
  readonly policy: LoadedPolicies
}

/**
 * For tests: a `policyBed` whose files are read on this thread. A worker for each load is what most tests of policy would
 * otherwise spend their time on; that it reads alike is tested where the worker is.
 */
export async function inProcessBed(files: Record<string, string> = {}): Promise<InProcessBed> {
  const dir = policyDir(files)
  const said: PolicyBed['said'] = []
  const ids = new Map([
    ['acme/app', 3],
    ['acme/payments', 3],
  ])
  const clock = { now: NOW, epoch: 1, unreachable: false }
  const note =
    (level: string) =>
    (fields: object, message: string): unknown =>
      said.push({ level, message, ...fields })
  const policy = await loadPolicies({
    dir,
    resolveRepo: async (owner, name) => {
      if (clock.unreachable) throw new Error('no answer')
      const id = ids.get(`${owner}/${name}`)
      return id === undefined ? undefined : { id, owner, name }
    },
    resolveAccount: (name) => (name === 'alice' ? 7 : undefined),
    epoch: () => clock.epoch,
    now: () => clock.now,
    log: { warn: note('warn'), error: note('error') },
    openReader: () => inProcessReader((work) => work(loadCedar())),
  })
  return { policy, dir, said, ids, clock }
}
