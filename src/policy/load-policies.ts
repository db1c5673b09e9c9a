import type { Verb } from '../core/action/action.ts'
import type { Device } from '../core/identity.ts'
import type {
  CountersignRequest,
  Decision,
  DecisionRequest,
  PolicyEngine,
  ResolveRepo,
} from '../core/policy/engine.ts'
import { hypotheses, PEOPLE_AT_MOST } from '../core/policy/hypotheses.ts'
import {
  ageInHours,
  countersignPolicyRequest,
  type PolicyRequest,
  policyRequest,
} from '../core/policy/request.ts'
import { type Answer, createEvaluator } from './evaluator.ts'
import { loadSet, type PolicySet } from './load-set.ts'
import type { ResolveAccount, ResolveOrg, Resolvers } from './names.ts'
import type { Hashes } from './policy-files.ts'
import { createReadCache } from './read-cache.ts'
import { inProcessReader, type PolicyReader } from './reader.ts'
import { openWorkerReader } from './worker-reader.ts'

const REMEMBERED_READS = 20_000
/** The verbs that {@link PolicyEngine.allowsRead} answers, and remembers. */
const READS: ReadonlySet<Verb> = new Set<Verb>(['page.read', 'git.fetch'])

/** What decides now, and where it was read. */
export interface PolicyInForce {
  /** `sha256:HEX`, as in statements. */
  readonly digest: string
  /** Ids of all policies, the shipped default's first, then in the order of files and lines. */
  readonly policies: readonly string[]
  /** The administrator's files and the lock file, as they were read or, the lock, written. */
  readonly files: Hashes
}

/** A set that is about to be in force, and the digest of the one it replaces. */
export interface PolicyChange extends PolicyInForce {
  readonly previous: string
}

export interface LoadedPolicies extends PolicyEngine {
  readonly inForce: PolicyInForce
}

/**
 * The policy engine over the shipped default and the `.cedar` files in `dir`. Rejects with {@link PolicyError}, whose message
 * names file and line, when one cannot be used. `epoch` grows whenever accounts or devices change; `now` is unix ms.
 * `onChange` is awaited before another set comes into force by a reload: when it rejects, so does the reload, and the set
 * that was in force stays. Files are read by a reader that `openReader` opens, a worker unless told otherwise.
 */
export async function loadPolicies(deps: {
  dir: string
  resolveRepo: ResolveRepo
  resolveAccount: ResolveAccount
  resolveOrg: ResolveOrg
  epoch: () => number
  now: () => number
  log: { warn(fields: object, message: string): void; error(fields: object, message: string): void }
  onChange?: (change: PolicyChange) => Promise<void>
  openReader?: () => PolicyReader
}): Promise<LoadedPolicies> {
  const { dir, epoch, now, log, onChange, openReader = openWorkerReader } = deps
  const cedar = createEvaluator((err) => log.error({ err }, 'the policy engine trapped; it is made anew'))
  const cache = createReadCache(REMEMBERED_READS)
  const resolvers: Resolvers = {
    repo: deps.resolveRepo,
    account: deps.resolveAccount,
    org: deps.resolveOrg,
    drifted: (name, locked, is) =>
      is === 'unknown'
        ? log.warn(
            { name, locked },
            'the forge could not be asked about a name in a policy; the locked id is used',
          )
        : log.error(
            { name, locked, now: is ?? 'nothing' },
            'a name in a policy means something else now; the locked id stays in force',
          ),
  }
  const load = (): Promise<PolicySet> =>
    loadSet({
      dir,
      resolvers,
      remark: ({ where, message }) => log.warn({ where }, message),
      // Our own text needs no thread of its own, and a start without files none at all.
      openReader: (files) => (files.length > 0 ? openReader() : inProcessReader(cedar.using)),
    })

  let loaded = await load()
  let inForce = describe(loaded)
  cedar.install(loaded)
  let version = 1
  let seenEpoch = epoch()
  let reloading = Promise.resolve()

  function ask(request: DecisionRequest): Answer {
    const answer = put(() => policyRequest(request, now()))
    // "Everybody" is everybody with an account: who wrote such a policy did not think of the world.
    return answer.allowed &&
      request.account === null &&
      !answer.named.some((id) => loaded.forVisitors.has(id))
      ? { allowed: false, named: [] }
      : answer
  }
  const askOther = (request: CountersignRequest): Answer =>
    put(() => countersignPolicyRequest(request, now()))

  function put(question: () => PolicyRequest): Answer {
    let query: PolicyRequest
    try {
      query = question()
    } catch {
      return { allowed: false, named: [], broken: 'the request has no form that policy knows' }
    }
    const answer = cedar.ask(query)
    if (answer.broken !== undefined)
      log.error(
        { broken: answer.broken, policies: answer.named },
        'a decision could not be made and is a denial',
      )
    return answer
  }

  /** The first proof that would be enough. Whoever may not read the resource learns nothing, not even what a proof would do. */
  function challenge(
    request: DecisionRequest,
    devices: readonly Device[],
    named: readonly string[],
  ): Decision {
    const most = loaded.looksAtOthers ? PEOPLE_AT_MOST : 0
    for (const { device, proof, people } of hypotheses(request, devices, now(), most)) {
      const answer = ask({ ...request, device, proof, countersignatures: people })
      if (!answer.allowed) continue
      if (!mayRead(request)) return { kind: 'deny', policies: [], why: 'no policy permits it' }
      const { bound, uv, method, shown } = proof
      const why = (named.length > 0 ? named : answer.named).join('; ')
      return { kind: 'challenge', policies: named, want: { bound, uv, method, shown }, people, why }
    }
    return { kind: 'deny', policies: named, why: named.join('; ') || 'no policy permits it' }
  }

  function mayRead(request: DecisionRequest): boolean {
    const { resource } = request.action
    return ask({ ...request, action: { verb: 'page.read', resource } }).allowed
  }

  return {
    get digest() {
      return loaded.digest
    },
    get version() {
      return version
    },
    get opens() {
      return loaded.forVisitors.size > 0
    },
    get inForce() {
      return inForce
    },
    decide(request, devices) {
      const { allowed, named, broken } = ask(request)
      if (allowed) return { kind: 'allow', policies: named }
      if (broken !== undefined) return { kind: 'deny', policies: named, why: 'policy could not be evaluated' }
      return challenge(request, devices, named)
    },
    countersign(request) {
      const { allowed, named, broken } = askOther(request)
      if (allowed) return { kind: 'allow', policies: named }
      if (broken !== undefined) return { kind: 'deny', policies: named, why: 'policy could not be evaluated' }
      return { kind: 'deny', policies: named, why: named.join('; ') || 'no policy permits it' }
    },
    allowsRead(request) {
      if (!READS.has(request.action.verb)) return false
      if (seenEpoch !== epoch()) {
        cache.clear() // what ended is not kept until it ages out
        seenEpoch = epoch()
      }
      const ageHours = !loaded.looksAtAge ? null : request.device ? ageInHours(request.device, now()) : 0
      const known = cache.get(request, ageHours)
      if (known !== undefined) return known
      const { allowed, broken } = ask(request)
      if (broken === undefined) cache.put(request, ageHours, allowed)
      return allowed
    },
    reload() {
      const next = reloading.then(async () => {
        const set = await load()
        if (set.digest === loaded.digest) {
          inForce = { ...inForce, files: set.files } // said in other words
          return
        }
        await onChange?.({ ...describe(set), previous: loaded.digest })
        cedar.install(set)
        loaded = set
        inForce = describe(set)
        version++
        cache.clear()
      })
      reloading = next.catch(() => undefined)
      return next
    },
  }
}

function describe({ digest, policies, files }: PolicySet): PolicyInForce {
  return { digest, policies: policies.map(({ id }) => id), files }
}
