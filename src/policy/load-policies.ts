import { sha256Hex } from '../core/crypto.ts'
import { canonicalJson, type Json } from '../core/ledger/canonical-json.ts'
import type { Decision, DecisionRequest, PolicyEngine, ResolveRepo } from '../core/policy/engine.ts'
import { hypotheses } from '../core/policy/hypotheses.ts'
import { type PolicyRequest, policyRequest } from '../core/policy/request.ts'
import { type Cedar, loadCedar, reloadCedar } from './cedar.ts'
import { type ResolveAccount, resolveNames } from './names.ts'
import { ReadCache } from './read-cache.ts'
import { PolicyError, parseSource, shippedSource, userSources } from './sources.ts'

// Fixed names: Cedar never frees a name, so they are used again at every load.
const SCHEMA = 'schema'
const POLICIES = 'policies'

interface Loaded {
  readonly policies: Record<string, Cedar.PolicyJson>
  readonly digest: string
  /** Whether any policy looks at an age, which then is part of what a remembered read depends on. */
  readonly looksAtAge: boolean
}

/**
 * The policy engine over the shipped default and the `.cedar` files in `dir`. Rejects with {@link PolicyError} when a file
 * cannot be used. `epoch` grows whenever accounts or devices change.
 */
export async function loadPolicies(deps: {
  dir: string
  resolveRepo: ResolveRepo
  resolveAccount: ResolveAccount
  epoch: () => number
  now: () => number
  log: { warn(fields: object, message: string): void; error(fields: object, message: string): void }
}): Promise<PolicyEngine> {
  const { dir, resolveRepo, resolveAccount, epoch, now, log } = deps
  const schema = shippedSource('schema.cedarschema').text
  const cache = new ReadCache()
  let cedar = loadCedar()
  let cachedEpoch = epoch()
  let version = 0
  let loaded = await load()
  install(loaded)

  async function load(): Promise<Loaded> {
    const sources = [shippedSource('default.cedar'), ...userSources(dir)]
    const policies = sources.flatMap((source) => parseSource(cedar, source))
    await resolveNames(
      policies,
      sources,
      dir,
      { repo: resolveRepo, account: resolveAccount },
      (name, locked, nowIs) =>
        log.error(
          { name, locked, now: nowIs ?? 'nothing' },
          'a name in a policy means something else now; the locked id stays in force',
        ),
    )
    const byId: Record<string, Cedar.PolicyJson> = {}
    for (const { id, file, line, json } of policies) {
      if (Object.hasOwn(byId, id))
        throw new PolicyError(`${file}:${line}: a second policy with the id "${id}"`)
      byId[id] = json
    }
    const answer = cedar.validate({
      schema,
      policies: { staticPolicies: byId },
      validationSettings: { mode: 'strict' },
    })
    const wrong = answer.type === 'failure' ? answer.errors[0]?.message : answer.validationErrors[0]
    if (wrong !== undefined) {
      if (typeof wrong === 'string') throw new PolicyError(`${sources.at(-1)!.file}:1: ${wrong}`)
      const where = policies.find(({ id }) => id === wrong.policyId)
      throw new PolicyError(`${where?.file ?? 'policy'}:${where?.line ?? 1}: ${wrong.error.message}`)
    }
    const text = canonicalJson({ schema, policies: byId as unknown as Json })
    return {
      policies: byId,
      digest: `sha256:${sha256Hex(text)}`,
      looksAtAge: /"age(?:Seconds|Hours)"/.test(JSON.stringify(byId)),
    }
  }

  function install(next: Loaded): void {
    for (const answer of [
      cedar.preparseSchema(SCHEMA, schema),
      cedar.preparsePolicySet(POLICIES, { staticPolicies: next.policies }),
    ]) {
      if (answer.type === 'failure')
        throw new PolicyError(`policy:1: ${answer.errors[0]?.message ?? 'cannot be used'}`)
    }
    version++
    cache.clear()
  }

  /** Cedar's answer; whatever goes wrong is a denial. A forbid whose condition fails is skipped by Cedar, hence the check of errors. */
  function ask(request: PolicyRequest): { allowed: boolean; named: readonly string[]; broken?: string } {
    try {
      const answer = cedar.statefulIsAuthorized({
        ...(request as unknown as Cedar.StatefulAuthorizationCall),
        preparsedSchemaName: SCHEMA,
        preparsedPolicySetId: POLICIES,
        validateRequest: true,
      })
      if (answer.type === 'failure')
        return {
          allowed: false,
          named: [],
          broken: answer.errors[0]?.message ?? 'the request does not fit the schema',
        }
      const { decision, diagnostics } = answer.response
      if (diagnostics.errors.length > 0)
        return {
          allowed: false,
          named: diagnostics.errors.map(({ policyId }) => policyId),
          broken: 'a policy could not be evaluated',
        }
      return { allowed: decision === 'allow', named: diagnostics.reason }
    } catch (error) {
      log.error({ err: error }, 'the policy engine trapped; it is made anew')
      cedar = reloadCedar()
      install(loaded)
      return { allowed: false, named: [], broken: 'the policy engine failed' }
    }
  }

  function decide(request: DecisionRequest, devices: Parameters<PolicyEngine['decide']>[1]): Decision {
    const first = ask(policyRequest(request, now()))
    if (first.allowed) return { kind: 'allow', policies: first.named }
    if (first.broken !== undefined) {
      log.error(
        { broken: first.broken, policies: first.named },
        'a decision could not be made and is a denial',
      )
      return { kind: 'deny', policies: first.named, why: first.broken }
    }
    for (const { device, proof } of hypotheses(request, devices, now())) {
      if (!ask(policyRequest({ ...request, device, proof }, now())).allowed) continue
      const { bound, uv, method, shown } = proof
      return {
        kind: 'challenge',
        policies: first.named,
        want: { bound, uv, method, shown },
        why:
          first.named.length > 0
            ? first.named.join('; ')
            : `changes need a touch that is bound to them${uv ? ', with PIN' : ''}`,
      }
    }
    return {
      kind: 'deny',
      policies: first.named,
      why: first.named.length > 0 ? first.named.join('; ') : 'no policy permits it',
    }
  }

  return {
    get digest() {
      return loaded.digest
    },
    get version() {
      return version
    },
    decide,
    allowsRead(request) {
      if (cachedEpoch !== epoch()) {
        cache.clear()
        cachedEpoch = epoch()
      }
      const known = cache.get(request, loaded.looksAtAge)
      if (known !== undefined) return known
      const { allowed, broken } = ask(policyRequest(request, now()))
      if (broken === undefined) cache.put(request, loaded.looksAtAge, allowed)
      return allowed
    },
    async reload() {
      const next = await load()
      install(next)
      loaded = next
      cache.clear()
    },
  }
}
