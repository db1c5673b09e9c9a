import type { Cedar } from './cedar.ts'
import type { SourcedPolicy } from './parse-source.ts'
import { PolicyError } from './sources.ts'

/** What validation looks at of a policy; names are ids by then. */
export type ParsedPolicy = Pick<SourcedPolicy, 'file' | 'line' | 'json'>

/** Something odd that does not stop a set from being used; `where` is `file:line`. */
export interface Remark {
  readonly where: string
  readonly message: string
}

/** Judge a set against the schema, strictly: throws {@link PolicyError} for the first policy that does not fit it. */
export function validateSet(
  cedar: typeof Cedar,
  schema: string,
  policies: readonly ParsedPolicy[],
): Remark[] {
  const answer = cedar.validate({
    schema,
    policies: { staticPolicies: staticPolicies(policies) },
    validationSettings: { mode: 'strict' },
  })
  if (answer.type === 'failure')
    throw new PolicyError('policy', 1, answer.errors[0]?.message ?? 'cannot be validated')
  const [wrong] = answer.validationErrors
  if (wrong) {
    const { file, line } = policies[Number(wrong.policyId)]!
    throw new PolicyError(file, line, readable(wrong))
  }
  return answer.validationWarnings.flatMap((warning) => {
    const { file, line } = policies[Number(warning.policyId)]!
    // The shipped default speaks of groups that have no member yet.
    return file === 'default.cedar' ? [] : [{ where: `${file}:${line}`, message: readable(warning) }]
  })
}

/** Policies as Cedar takes them, under names of ours: an `@id` is text of an administrator and only ever shown. */
export function staticPolicies(
  policies: readonly { readonly json: Cedar.PolicyJson }[],
): Record<string, Cedar.PolicyJson> {
  return Object.fromEntries(policies.map(({ json }, at) => [String(at), json]))
}

/** Cedar's message without our inner name for the policy, which file and line say better. */
function readable({ policyId, error }: Cedar.ValidationError): string {
  const message = error.message.replace(new RegExp(`^for policy \`${policyId}\`[,:] `), '')
  return error.help ? `${message} (${error.help})` : message
}
