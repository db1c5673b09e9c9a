import type { StatementResource } from '../statement/statement.ts'
import { at, type Proven, text } from './records.ts'

/** What the record says it was done to; null for the actor's own account and the site. */
export function resourceOf(payload: Proven['payload']): StatementResource | null | undefined {
  const [repo, org] = [at(payload, 'repo'), at(payload, 'org')]
  if (repo !== null && repo !== undefined) {
    const [owner, name, id] = [text(at(repo, 'owner')), text(at(repo, 'name')), at(repo, 'id')]
    return owner === undefined || name === undefined || typeof id !== 'number'
      ? undefined
      : { kind: 'repo', owner, name, forgeId: id }
  }
  if (org === undefined) return null
  const [name, id] = [text(at(org, 'name')), at(org, 'id')]
  return name === undefined || typeof id !== 'number' ? undefined : { kind: 'org', name, forgeId: id }
}
