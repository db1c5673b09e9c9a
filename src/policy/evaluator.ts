import type { PolicyRequest } from '../core/policy/request.ts'
import { type Cedar, freshCedar, loadCedar } from './cedar.ts'
import type { PolicySet } from './load-set.ts'
import type { UseCedar } from './reader.ts'
import { PolicyError, PolicyTrap } from './sources.ts'
import { staticPolicies } from './validate-set.ts'

export interface Answer {
  readonly allowed: boolean
  /** `@id` of the policies that decided, or that could not be evaluated. */
  readonly named: readonly string[]
  /** Why this is no decision but a denial, for the log. */
  readonly broken?: string
}

export interface Evaluator {
  /** Take a set into use; the old one stays when it throws. */
  install(next: PolicySet): void
  /** Cedar's answer; whatever goes wrong is a denial. Never throws. */
  ask(request: PolicyRequest): Answer
  /** Read policies with Cedar: throws {@link PolicyError} only, and the instance is made anew when it did not survive. */
  using: UseCedar
}

// Cedar never frees a name of a preparsed set, so an engine uses one name for every set it has. Instances are shared.
let engines = 0

/** One set of policies in one wasm instance, which is replaced after a trap. */
export function createEvaluator(trapped: (error: unknown) => void): Evaluator {
  const name = `countersign ${++engines}`
  let cedar = loadCedar()
  let current: PolicySet | undefined

  function put(next: PolicySet): void {
    for (const answer of [
      cedar.preparseSchema(name, next.schema),
      cedar.preparsePolicySet(name, { staticPolicies: staticPolicies(next.policies) }),
    ]) {
      if (answer.type === 'failure')
        throw new PolicyError('policy', 1, answer.errors[0]?.message ?? 'cannot be used')
    }
  }

  /** A trapped instance goes on failing, or worse: nothing it says is used again. */
  function renew(error: unknown): void {
    try {
      trapped(error)
      cedar = freshCedar()
      if (current) put(current)
    } catch (again) {
      trapped(again) // the next question finds no set, which is a denial
    }
  }

  return {
    install(next) {
      this.using(() => put(next))
      current = next
    },
    ask(request) {
      const idOf = (policy: string): string => current?.policies[Number(policy)]?.id ?? policy
      try {
        const answer = cedar.statefulIsAuthorized({
          ...(request as unknown as Cedar.StatefulAuthorizationCall),
          preparsedSchemaName: name,
          preparsedPolicySetId: name,
          validateRequest: true,
        })
        if (answer.type === 'failure')
          return denied([], answer.errors[0]?.message ?? 'the request does not fit the schema')
        const { decision, diagnostics } = answer.response
        // Cedar skips a policy whose condition fails: for a forbid that would be a way in.
        const [failed] = diagnostics.errors
        if (failed)
          return denied(
            diagnostics.errors.map(({ policyId }) => idOf(policyId)),
            failed.error.message,
          )
        return { allowed: decision === 'allow', named: diagnostics.reason.map(idOf) }
      } catch (error) {
        renew(error)
        return denied([], 'the policy engine trapped')
      }
    },
    using(work) {
      try {
        return work(cedar)
      } catch (error) {
        if (error instanceof PolicyError && !(error instanceof PolicyTrap)) throw error
        renew(error)
        throw error instanceof PolicyError
          ? error
          : new PolicyError('policy', 1, 'the policy engine did not survive it', { cause: error })
      }
    },
  }
}

function denied(named: readonly string[], broken: string): Answer {
  return { allowed: false, named, broken }
}
