import { type Action, SITE } from '../core/action/action.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { ForgeRepo } from '../upstream/forge.ts'
import { type Attempt, pushOf } from './attempt.ts'
import { isSafe } from './check-origin.ts'
import type { FlowContext } from './context.ts'
import { describeApi } from './describe-api.ts'
import { describeChange } from './describe-change.ts'
import { describeLfs } from './describe-lfs.ts'
import { type Gate, known, type Passage } from './passage.ts'
import { NOT_FOUND, resourceOf } from './repo-resource.ts'

/** Turn the route into an action. Repositories are named by the forge's id from here on. */
export const describe: Gate = (passage, ctx) => {
  const { route } = passage.attempt
  switch (route.kind) {
    case 'refused':
      return route.refusal
    case 'change':
      return describeChange(passage, ctx, route)
    case 'api':
      return describeApi(passage, ctx, route)
    case 'asset':
    case 'ours':
      // Doors answer these before the gates; to get here is a mistake, and a mistake is a denial.
      return refusal('unknown-action', 'This address is not an action.')
    case 'page':
      if (route.repo === null) {
        passage.action = { verb: route.verb, resource: SITE }
        return undefined
      }
      return withRepo(passage, ctx, route.repo.owner, route.repo.name, (repo) => {
        passage.action = { verb: route.verb, resource: resourceOf(repo, 'code') }
        return undefined
      })
    case 'lfs':
      if (route.step === 'none') return NOT_FOUND
      return withRepo(passage, ctx, route.owner, route.name, (repo) => describeLfs(passage, repo, route))
    case 'git': {
      const push = pushOf(passage.attempt)
      return withRepo(passage, ctx, route.owner, route.name, (repo) => {
        const resource = resourceOf(repo, route.part)
        const action: Action = push
          ? { verb: 'git.push', resource, updates: push.updates }
          : { verb: 'git.fetch', resource }
        passage.action = action
        return undefined
      })
    }
  }
}

function withRepo(
  passage: Passage,
  ctx: FlowContext,
  owner: string,
  name: string,
  then: (repo: ForgeRepo) => Refusal | undefined,
): Refusal | undefined | Promise<Refusal | undefined> {
  const { visitor } = passage
  const user = visitor ? null : known(passage.principal, 'principal').account.name
  const take = (repo: ForgeRepo | undefined): Refusal | undefined => {
    if (!repo?.permissions.pull || (visitor && repo.private)) return visitor ?? NOT_FOUND
    passage.repo = repo
    return then(repo)
  }
  const remembered = ctx.repos.remembered(owner, name, user, passage.now)
  // What changes something is judged on the forge's answer of this moment.
  if (remembered && changesNothing(passage.attempt)) return take(remembered)
  const found = ctx.repos.find(owner, name, user, passage.now)
  if (!visitor) return found.then(take)
  return found.then(take, (error: unknown) => {
    ctx.log.warn({ err: error }, 'the forge did not say what it shows to visitors')
    return visitor
  })
}

function changesNothing(attempt: Attempt): boolean {
  if (attempt.door === 'git-ssh') return attempt.push === null
  return attempt.door === 'git-http'
    ? attempt.push === null && attempt.lfs?.operation !== 'upload'
    : isSafe(attempt.method)
}
