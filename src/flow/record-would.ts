import type { Resource } from '../core/action/action.ts'
import type { FlowContext } from './context.ts'
import { type Gate, known, type Passage } from './passage.ts'

/** What enforcement would have done, on record before it is done all the same. */
export const recordWould: Gate = (passage, ctx) =>
  passage.would ? note(passage, passage.would, ctx) : undefined

async function note(
  passage: Passage,
  would: NonNullable<Passage['would']>,
  ctx: FlowContext,
): Promise<undefined> {
  const { repo } = passage
  const { account } = known(passage.principal, 'principal')
  const { verb, resource } = known(passage.action, 'action')
  await ctx.wouldBe.note({
    ...would,
    account: { id: account.id, name: account.name, forgeId: account.forgeId },
    verb,
    repo: repo?.id ?? null,
    place: placeOf(resource),
    door: passage.attempt.door,
    policy: ctx.policy.digest,
  })
  return undefined
}

function placeOf(resource: Resource): string {
  switch (resource.kind) {
    case 'repo':
      return `${resource.repo.owner}/${resource.repo.name}`
    case 'org':
      return resource.org.name
    case 'account':
      return 'their own account'
    case 'site':
      return 'the forge'
  }
}
