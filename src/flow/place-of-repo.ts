import type { RepoRef } from '../core/action/action.ts'
import type { Place } from '../spool/spool.ts'
import type { FlowContext } from './context.ts'

/** The code of a repository, as `account` may fetch it. */
export function codeOf(
  repo: RepoRef,
  account: { readonly id: string; readonly name: string },
  { forge }: Pick<FlowContext, 'forge'>,
): Place {
  return {
    account: account.id,
    repo,
    part: 'code',
    remote: {
      url: forge.gitUrl(repo, 'code'),
      authorization: () => forge.gitAuthorization(account.name),
    },
  }
}
