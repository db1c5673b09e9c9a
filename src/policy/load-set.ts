import { sha256Hex } from '../core/crypto.ts'
import { canonicalJson, type Json } from '../core/ledger/canonical-json.ts'
import { LOCK_FILE, readLock, writeLock } from './lock-file.ts'
import { type Resolvers, resolveNames } from './names.ts'
import type { SourcedPolicy } from './parse-source.ts'
import { type Hashes, type PolicyFile, readPolicyFiles } from './policy-files.ts'
import type { PolicyReader } from './reader.ts'
import { PolicyError, shippedSource } from './sources.ts'
import type { Remark } from './validate-set.ts'

/** A set of policies that parsed, resolved and validated. */
export interface PolicySet {
  readonly schema: string
  /** In the order of the files, the shipped default first. */
  readonly policies: readonly SourcedPolicy[]
  /** `sha256:HEX` over schema and policies as they are in force, names resolved, in canonical JSON. */
  readonly digest: string
  /** Whether any policy looks at an age, which then is part of what a remembered read depends on. */
  readonly looksAtAge: boolean
  /** Ids of the permits that name visitors of whom nothing is known. */
  readonly forVisitors: ReadonlySet<string>
  /** Whether any policy looks at who else countersigned: else nobody's doing so makes a difference. */
  readonly looksAtOthers: boolean
  /** The administrator's files, and the lock as it is after this. */
  readonly files: Hashes
}

/** The shipped default and the `.cedar` files of `dir`, or {@link PolicyError}. Nothing is written unless all of it holds. */
export async function loadSet(deps: {
  dir: string
  resolvers: Resolvers
  remark: (remark: Remark) => void
  openReader: (files: readonly PolicyFile[]) => PolicyReader
}): Promise<PolicySet> {
  const { dir, resolvers } = deps
  const schema = shippedSource('schema.cedarschema').text
  const files = await readPolicyFiles(dir)
  const reader = deps.openReader(files)
  try {
    const policies = await reader.parse([shippedSource('default.cedar'), ...files])
    refuseTwice(policies)
    const { lock, sha256 } = readLock(dir)
    const meanings = await resolveNames(policies, lock, resolvers)
    // Names first: what a comparison of two names comes to, and so what is validated, depends on their meaning.
    const remarks = await reader.validate(schema, policies)
    const grown = new Map([...lock, ...meanings])
    const locked = grown.size > lock.size ? writeLock(dir, grown) : sha256
    for (const remark of remarks) deps.remark(remark)
    return {
      schema,
      policies,
      ...digestOf(schema, policies),
      forVisitors: visitorPermits(policies),
      files: hashesOf(files, locked),
    }
  } finally {
    await reader.close()
  }
}

function digestOf(
  schema: string,
  policies: readonly SourcedPolicy[],
): Pick<PolicySet, 'digest' | 'looksAtAge' | 'looksAtOthers'> {
  // fromEntries defines members, whatever their name: `__proto__` set by assignment would drop a policy.
  const byId = Object.fromEntries(policies.map(({ id, json }) => [id, json as unknown as Json]))
  const all = canonicalJson(byId)
  return {
    digest: `sha256:${sha256Hex(canonicalJson({ schema, policies: byId }))}`,
    looksAtAge: /"age(?:Seconds|Hours)"/.test(all),
    looksAtOthers: all.includes('"countersignatures"'),
  }
}

/** Those whose scope says `principal is Anonymous`, or names the one there is. */
function visitorPermits(policies: readonly SourcedPolicy[]): ReadonlySet<string> {
  const named = policies.filter(({ json: { effect, principal } }) => {
    const scope = principal as { entity_type?: string; entity?: { type?: string } }
    return effect === 'permit' && (scope.entity_type ?? scope.entity?.type) === 'Anonymous'
  })
  return new Set(named.map(({ id }) => id))
}

function hashesOf(files: readonly PolicyFile[], lock: string | undefined): Hashes {
  const hashes = new Map(files.map(({ file, sha256 }) => [file, sha256]))
  if (lock !== undefined) hashes.set(LOCK_FILE, lock)
  return hashes
}

function refuseTwice(policies: readonly SourcedPolicy[]): void {
  const ids = new Set<string>()
  for (const { id, file, line } of policies) {
    if (ids.has(id)) throw new PolicyError(file, line, `a second policy with the id "${id}"`)
    ids.add(id)
  }
}
