import type { ResolveRepo } from '../core/policy/engine.ts'
import type { Lock } from './lock-file.ts'
import type { SourcedPolicy } from './parse-source.ts'
import { PolicyError } from './sources.ts'
import { lineOf } from './statements.ts'

/** Name of a person to the forge's user id. */
export type ResolveAccount = (name: string) => number | undefined

/** Name of an organisation to the forge's id. */
export type ResolveOrg = (name: string) => Promise<number | undefined>

export interface Resolvers {
  readonly repo: ResolveRepo
  readonly account: ResolveAccount
  readonly org: ResolveOrg
  /** The lock knows `name` as `locked`, the forge says `now`. `unknown`: it could not be asked. */
  readonly drifted: (name: string, locked: string, now: string | undefined | 'unknown') => void
}

interface Literal {
  type: string
  id: string
}

/**
 * Replace names in entity literals by the forge's ids, in the parsed policies and never in text, and return what each name
 * means. A name that `lock` knows keeps its id even when the forge now gives another: that is reported, since somebody
 * renamed something, and a rename must not take a rule off a repository.
 */
export async function resolveNames(
  policies: readonly SourcedPolicy[],
  lock: Lock,
  resolvers: Resolvers,
): Promise<Lock> {
  const meanings: Lock = new Map()
  for (const policy of policies) {
    for (const literal of literals(policy.json)) {
      if (ID.test(literal.id)) continue
      const name = `${literal.type} ${literal.id.toLowerCase()}` // folded as the forge folds names
      let id = meanings.get(name)
      if (id === undefined) {
        const locked = lock.get(name)
        if (locked !== undefined) await checkDrift(name, locked, literal, resolvers)
        id = locked ?? (await firstMeaning(literal, policy, resolvers))
        meanings.set(name, id)
      }
      literal.id = id
    }
  }
  return meanings
}

const NAMED = new Set(['Repo', 'Account', 'Org'])

/** Ids as the forge writes them; `007` is a name, so that no rule waits for an id that cannot come. */
const ID = /^[1-9]\d*$/

async function firstMeaning(literal: Literal, policy: SourcedPolicy, resolvers: Resolvers): Promise<string> {
  const what = `${literal.type} "${literal.id}"`
  let id: string | undefined
  try {
    id = await idOf(literal, resolvers)
  } catch (error) {
    throw new PolicyError(policy.file, lineIn(policy, literal), `the forge could not be asked for ${what}`, {
      cause: error,
    })
  }
  if (id === undefined)
    throw new PolicyError(policy.file, lineIn(policy, literal), `the forge has no ${what}`)
  return id
}

/** A forge that does not answer is no reason to start without policy: the lock says what the name means. */
async function checkDrift(
  name: string,
  locked: string,
  literal: Literal,
  resolvers: Resolvers,
): Promise<void> {
  const now = await idOf(literal, resolvers).catch(() => 'unknown')
  if (now !== locked) resolvers.drifted(name, locked, now)
}

async function idOf({ type, id }: Literal, { repo, account, org }: Resolvers): Promise<string | undefined> {
  const folded = id.toLowerCase()
  if (type === 'Account') return account(folded)?.toString()
  if (type === 'Org') return (await org(folded))?.toString()
  const [owner, name, ...more] = folded.split('/')
  if (!owner || !name || more.length > 0) return undefined
  return (await repo(owner, name))?.id.toString()
}

function lineIn({ statement, line }: SourcedPolicy, { id }: Literal): number {
  const at = statement.text.indexOf(`"${id}"`)
  return at === -1 ? line : statement.fromLine + lineOf(statement.text, at) - 1
}

/** Entity literals of kinds that have names: in the scope, and wherever `__entity` stands in a condition. */
function* literals({ principal, resource, conditions }: SourcedPolicy['json']): Generator<Literal> {
  for (const scope of [principal, resource]) {
    if ('entity' in scope) yield* named(scope.entity)
    if ('in' in scope && scope.in !== undefined && 'entity' in scope.in) yield* named(scope.in.entity)
  }
  for (const { body } of conditions) yield* inExpression(body)
}

function* inExpression(node: unknown): Generator<Literal> {
  if (node === null || typeof node !== 'object') return
  for (const [key, child] of Object.entries(node)) {
    if (key === '__entity') yield* named(child)
    yield* inExpression(child)
  }
}

function* named(node: unknown): Generator<Literal> {
  const entity = (node as { __entity?: unknown }).__entity ?? node
  const { type, id } = entity as Partial<Literal>
  if (type !== undefined && NAMED.has(type) && typeof id === 'string') yield entity as Literal
}
