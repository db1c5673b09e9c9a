import type { Resource } from '../core/action/action.ts'
import type { StatementResource } from '../core/statement/statement.ts'

/** A resource as statements name it; the actor's own account and the site have no line. */
export function statementResource(resource: Resource): StatementResource | null {
  switch (resource.kind) {
    case 'repo': {
      const { id, owner, name } = resource.repo
      return { kind: 'repo', owner, name, forgeId: id }
    }
    case 'org':
      return { kind: 'org', name: resource.org.name, forgeId: resource.org.id }
    case 'account':
    case 'site':
      return null
  }
}
