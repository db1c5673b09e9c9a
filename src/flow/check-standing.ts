import { movesIn } from '../core/action/action.ts'
import type { AccountId } from '../core/identity.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { Principal } from '../identity/identity.ts'
import type { FlowContext } from './context.ts'
import { known, type Passage } from './passage.ts'

/** Of somebody who may only read. */
export const MAY_NOT_MOVE = refusal(
  'denied',
  'You may read this repository, but not move its branches and tags.',
  'Ask its owner for write access.',
)

/** Account and device as they are now. The forge ignores account state on git, so it is enforced here, for every door. */
export function checkStanding(passage: Passage, { identity }: FlowContext): Refusal | undefined {
  if (passage.visitor && isRead(passage)) return undefined
  const principal = known(passage.principal, 'principal')
  if (identity.account(principal.account.id)?.state !== 'active') {
    return refusal('account-inactive', 'This account is disabled.', 'Ask an administrator.')
  }
  if (identity.device(principal.device.id)?.state !== 'active') {
    return refusal(
      'device-inactive',
      'The device that opened this session is no longer active.',
      'Sign in with another device.',
    )
  }
  const action = known(passage.action, 'action')
  const moves = action.verb === 'git.push' || movesIn(action).length > 0
  if (moves && !known(passage.repo, 'repo').permissions.push) {
    return MAY_NOT_MOVE
  }
  return undefined
}

type Openings = Pick<FlowContext['identity'], 'sessions' | 'gitPasswords' | 'apiTokens'>
const OPENED: {
  readonly [via in Exclude<Principal['via'], 'ssh'>]: (
    of: Openings,
    account: AccountId,
  ) => readonly { readonly id: string }[]
} = {
  session: (identity, account) => identity.sessions(account),
  'git-password': (identity, account) => identity.gitPasswords(account),
  token: (identity, account) => identity.apiTokens(account),
}

/** All that visitors of whom nothing is known can do. */
function isRead({ action }: Passage): boolean {
  return action?.verb === 'page.read' || action?.verb === 'git.fetch'
}

/**
 * What the request came with has not ended since {@link identify} saw it: the forge was asked meanwhile, and that takes as long
 * as the forge likes.
 */
export function checkOpen(
  { principal }: Pick<Passage, 'principal'>,
  { identity }: { readonly identity: Openings },
): Refusal | undefined {
  const { account, via, credential } = known(principal, 'principal')
  if (via === 'ssh') return undefined // hangs on nothing but its device
  const open = OPENED[via](identity, account.id)
  if (open.some(({ id }) => id === credential)) return undefined
  return refusal(
    'not-signed-in',
    'The session, git password or token that this came with has ended.',
    'Sign in again.',
  )
}
