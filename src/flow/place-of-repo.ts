import type { RepoRef } from '../core/action/action.ts'
import type { Place } from '../spool/spool.ts'
import type { FlowContext } from './context.ts'

/** A repository, or its wiki, as `account` may fetch it. */
export function placeOf(
  repo: RepoRef,
  part: Place['part'],
  account: { readonly id: string; readonly name: string },
  { forge }: Pick<FlowContext, 'forge'>,
): Place {
  return {
    account: account.id,
    repo,
    part,
    remote: {
      url: forge.gitUrl(repo, part),
      authorization: () => forge.gitAuthorization(account.name),
    },
  }
}
