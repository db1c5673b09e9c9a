import { SITE } from '../core/action/action.ts'
import { scopeHolds } from '../core/action/token-scope.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { ApiRoute, ForgeRepo } from '../upstream/forge.ts'
import { isSafe } from './check-origin.ts'
import { OUT_OF_SCOPE } from './check-scope.ts'
import type { FlowContext } from './context.ts'
import { describeChange } from './describe-change.ts'
import { known, type Passage } from './passage.ts'
import { resourceOf } from './repo-resource.ts'

/** The same whether it is not there, its person may not see it, or the token does not reach it. */
const NOT_REACHED = refusal(
  'not-found',
  'There is no such repository, or this token does not reach it.',
  'Check the address, and what the token was made for.',
)

/**
 * A request of the programming interface as an action: one that rides on the token and is forwarded, or a change, which is then
 * the change of the page's form that says the same. The forge is asked about nothing that the token does not reach.
 */
export async function describeApi(
  passage: Passage,
  ctx: FlowContext,
  route: ApiRoute,
): Promise<Refusal | undefined> {
  const { attempt } = passage
  const token = known(passage.token, 'token')
  if (attempt.door !== 'api') return refusal('unknown-action', 'This address is not a page.')
  const { name } = known(passage.principal, 'principal').account
  const repo = route.repo ? await find(passage, ctx, route.repo, name) : undefined
  if (route.repo && !repo?.permissions.pull) return NOT_REACHED
  const { repos } = token.scope
  if (repo && repos !== null && !repos.some(({ id }) => id === repo.id)) return NOT_REACHED
  const place = repo ? resourceOf(repo, 'code') : SITE
  if (!route.verbs.some((verb) => scopeHolds(token.scope, verb, place))) return OUT_OF_SCOPE
  if (repo) passage.repo = repo
  const wish = await route.read(attempt.json, {
    userId: async (person) => (await ctx.forge.user(person))?.id,
    collaborates: async (person) => repo !== undefined && ctx.forge.collaborates(repo, person, name),
    file: async (path) => repo && ctx.forge.file(repo, path, name),
  })
  if (!wish.ok) return wish.error
  if (wish.value.kind === 'forward') {
    passage.action = { verb: wish.value.verb, resource: place }
    passage.body = wish.value.body
    return undefined
  }
  passage.asForm = wish.value
  return describeChange(passage, ctx, wish.value.route)
}

/** Reads go by what was seen in the last seconds, as pages do; not where the repository's id decides whether it is reached. */
async function find(
  { attempt, token, now }: Passage,
  { repos }: FlowContext,
  { owner, name }: { readonly owner: string; readonly name: string },
  user: string,
): Promise<ForgeRepo | undefined> {
  const lasts = isSafe(attempt.method) && token?.scope.repos === null
  const remembered = lasts ? repos.remembered(owner, name, user, now) : undefined
  return remembered ?? repos.find(owner, name, user, now)
}
