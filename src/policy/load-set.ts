import { sha256Hex } from '../core/crypto.ts'
import { canonicalJson, type Json } from '../core/ledger/canonical-json.ts'
import type { Cedar } from './cedar.ts'
import { readLock, writeLock } from './lock-file.ts'
import { type Resolvers, resolveNames } from './names.ts'
import {
  PolicyError,
  parseSource,
  type SourcedPolicy,
  shippedSource,
  type UseCedar,
  userSources,
} from './sources.ts'

/** A set of policies that parsed, resolved and validated. */
export interface PolicySet {
  readonly schema: string
  /** In the order of the files, the shipped default first. */
  readonly policies: readonly SourcedPolicy[]
  /** `sha256:HEX` over schema and policies as they are in force, names resolved, in canonical JSON. */
  readonly digest: string
  /** Whether any policy looks at an age, which then is part of what a remembered read depends on. */
  readonly looksAtAge: boolean
}

/** Something odd that does not stop a set from being used. */
export type Remark = (where: string, message: string) => void

/** The shipped default and the `.cedar` files of `dir`, or {@link PolicyError}. Nothing is written unless all of it holds. */
export async function loadSet(
  using: UseCedar,
  dir: string,
  resolvers: Resolvers,
  remark: Remark,
): Promise<PolicySet> {
  const schema = shippedSource('schema.cedarschema').text
  const sources = [shippedSource('default.cedar'), ...userSources(dir)]
  const policies = using((cedar) => sources.flatMap((source) => parseSource(cedar, source)))
  refuseTwice(policies)
  const lock = readLock(dir)
  const meanings = await resolveNames(policies, lock, resolvers)
  using((cedar) => validate(cedar, schema, policies, remark))
  const grown = new Map([...lock, ...meanings])
  if (grown.size > lock.size) writeLock(dir, grown)
  // fromEntries defines members, whatever their name: `__proto__` set by assignment would drop a policy.
  const byId = Object.fromEntries(policies.map(({ id, json }) => [id, json as unknown as Json]))
  return {
    schema,
    policies,
    digest: `sha256:${sha256Hex(canonicalJson({ schema, policies: byId }))}`,
    looksAtAge: /"age(?:Seconds|Hours)"/.test(canonicalJson(byId)),
  }
}

/** Policies as Cedar takes them, under names of ours: an `@id` is text of an administrator and only ever shown. */
export function staticPolicies(policies: readonly SourcedPolicy[]): Record<string, Cedar.PolicyJson> {
  return Object.fromEntries(policies.map(({ json }, at) => [String(at), json]))
}

function refuseTwice(policies: readonly SourcedPolicy[]): void {
  const ids = new Set<string>()
  for (const { id, file, line } of policies) {
    if (ids.has(id)) throw new PolicyError(file, line, `a second policy with the id "${id}"`)
    ids.add(id)
  }
}

function validate(
  cedar: typeof Cedar,
  schema: string,
  policies: readonly SourcedPolicy[],
  remark: Remark,
): void {
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
  for (const warning of answer.validationWarnings) {
    const { file, line } = policies[Number(warning.policyId)]!
    // The shipped default speaks of groups that have no member yet.
    if (file !== 'default.cedar') remark(`${file}:${line}`, readable(warning))
  }
}

/** Cedar's message without our inner name for the policy, which file and line say better. */
function readable({ policyId, error }: Cedar.ValidationError): string {
  const message = error.message.replace(new RegExp(`^for policy \`${policyId}\`[,:] `), '')
  return error.help ? `${message} (${error.help})` : message
}
