import { scopeHolds } from '../core/action/token-scope.ts'
import { refusal } from '../core/refusal.ts'
import { type Gate, known } from './passage.ts'

export const OUT_OF_SCOPE = refusal(
  'out-of-scope',
  'This token was not made for this.',
  'Make one in the portal that may do it.',
)

/** What came with a token stays within what the token was made for: the verb and the repository, by its id. */
export const checkScope: Gate = (passage) => {
  const { token } = passage
  if (!token) return undefined
  const { verb, resource } = known(passage.action, 'action')
  return scopeHolds(token.scope, verb, resource) ? undefined : OUT_OF_SCOPE
}
