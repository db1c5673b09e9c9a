import { type Resource, SITE } from '../core/action/action.ts'
import { isRelease, movesOf, partOf } from '../core/action/moves.ts'
import { VERBS } from '../core/action/verbs.ts'
import type { Account } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { ChangeRoute, ForgeRepo } from '../upstream/forge.ts'
import { bindChange } from './bind-change.ts'
import { bindName, checkGivenTo } from './bind-name.ts'
import { stillBound } from './bind-release.ts'
import type { FlowContext } from './context.ts'
import { known, type Passage } from './passage.ts'
import { NOT_FOUND, resourceOf } from './repo-resource.ts'
import { waive } from './report-only.ts'

/** A form as a change in named fields, of a repository or organisation by the forge's id. */
export async function describeChange(
  passage: Passage,
  ctx: FlowContext,
  route: ChangeRoute,
): Promise<Refusal | undefined> {
  const { attempt } = passage
  if (route.verbs.length === 0) return route.refusal
  const { account } = known(passage.principal, 'principal')
  const repo = route.repo
    ? await ctx.repos.find(route.repo.owner, route.repo.name, account.name, passage.now)
    : undefined
  if (route.repo && !repo?.permissions.pull) return NOT_FOUND
  if (repo) passage.repo = repo
  let unbound = false
  if (attempt.door === 'portal') {
    const { change } = attempt.parked
    const stale =
      repo && isRelease(change.verb)
        ? await stillBound(change, repo, account, ctx)
        : await checkGivenTo(change, ctx.forge)
    if (stale) return stale
    passage.change = change
  } else {
    const form = passage.asForm?.form ?? (attempt.door === 'web' ? attempt.form : null)
    if (!form) return refusal('bad-request', 'This change is sent as a form.', 'Use the form on the page.')
    const change = route.describe(form, repo ? { private: repo.private } : {})
    if (!change.ok) return change.error
    const bound = repo ? await bindChange(change.value, repo, account, ctx) : change
    if (!bound.ok) {
      const stop = waive(passage, bound.error, ctx)
      if (stop) return stop
      unbound = true
    }
    passage.change = await bindName(bound.ok ? bound.value : change.value, ctx.forge)
  }
  const { verb } = passage.change
  if (verb === 'git.fetch' || verb === 'git.push')
    return refusal('unknown-action', 'A page does not do this.')
  if (verb === 'user.delete' && isLastAdmin(account, ctx)) return LAST_ADMIN
  const resource = await resourceFor(verb, route, repo, account, ctx)
  if (!resource) return NOT_FOUND
  passage.action = { verb, resource, moves: unbound ? [] : movesOf(verb, passage.change.stated) }
  return undefined
}

const LAST_ADMIN = refusal(
  'denied',
  'You are the last administrator here.',
  'Ask whoever runs the host: somebody has to look after it.',
)

function isLastAdmin({ id }: Account, { identity }: FlowContext): boolean {
  const admins = identity.accounts().filter(({ admin, state }) => admin && state === 'active')
  return admins.length === 1 && admins[0]?.id === id
}

async function resourceFor(
  verb: keyof typeof VERBS,
  route: ChangeRoute,
  repo: ForgeRepo | undefined,
  account: { readonly name: string; readonly forgeId: number },
  { forge }: FlowContext,
): Promise<Resource | undefined> {
  switch (VERBS[verb].on) {
    case 'repo':
      return repo && resourceOf(repo, partOf(verb))
    case 'org': {
      const org = route.org === null ? undefined : await forge.org(route.org)
      return org && { kind: 'org', org }
    }
    case 'account':
      return { kind: 'account', account: { id: account.forgeId, name: account.name } }
    case 'site':
      return SITE
  }
}
