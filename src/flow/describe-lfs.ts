import type { Action } from '../core/action/action.ts'
import { type Refusal, refusal } from '../core/refusal.ts'
import type { ForgeRepo, Route } from '../upstream/forge.ts'
import type { Passage } from './passage.ts'
import { resourceOf } from './repo-resource.ts'

export type LfsRoute = Extract<Route, { kind: 'lfs' }>

const OTHER_TICKET = refusal(
  'denied',
  'The ticket is for another object, operation or repository.',
  'Push or fetch again: git-lfs asks for a fresh one.',
)
const OTHER_SIZE = refusal('bad-request', 'The object is not of the size that was asked for.', 'Push again.')
const READ_ONLY = refusal(
  'denied',
  'You may read this repository, but not push to it.',
  'Ask its owner for write access.',
)

/** A large-file request as an action. What came with a ticket is held to it: that object, that operation, that repository. */
export function describeLfs(passage: Passage, repo: ForgeRepo, route: LfsRoute): Refusal | undefined {
  const { attempt, ticket } = passage
  const asked = attempt.door === 'git-http' ? attempt.lfs : undefined
  if (!asked) return refusal('unknown-action', 'This address is not an action.')
  if (ticket) {
    if (ticket.repo !== repo.id || ticket.operation !== asked.operation || ticket.oid !== asked.oid)
      return OTHER_TICKET
    if (asked.size !== null && asked.size !== ticket.size) return OTHER_SIZE
  }
  // The forge would say so only after the whole object was sent.
  if (asked.operation === 'upload' && !repo.permissions.push) return READ_ONLY
  passage.action = { verb: verbOf(route, asked.operation), resource: resourceOf(repo, 'code') } as Action
  return undefined
}

/** A batch is judged by what it asks for: who may not upload hears it before anything is sent. */
function verbOf({ step }: LfsRoute, operation: string): Action['verb'] {
  if (operation === 'upload') return 'lfs.upload'
  if (operation === 'verify') return 'lfs.verify'
  return step === 'batch' ? 'lfs.batch' : 'git.fetch'
}
