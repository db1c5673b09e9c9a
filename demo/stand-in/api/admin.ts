import { json, type Reply, type RouteLine, status, type Visit } from '../visit.ts'
import { userShape } from './shapes.ts'

const RESERVED = new Set(
  '- . .. explore create assets css img js less plugins debug raw install api avatar user org help stars issues pulls commits repo template admin new'.split(
    ' ',
  ),
)

/** Why a name cannot be given to somebody new, as Gogs answers it. */
function nameFault(visit: Visit, name: unknown): Reply | undefined {
  if (typeof name !== 'string' || !/^[A-Za-z0-9_.-]{1,35}$/.test(name))
    return json(
      [{ fieldNames: ['Username'], classification: 'AlphaDashDotError', message: 'AlphaDashDot' }],
      422,
    )
  if (RESERVED.has(name.toLowerCase()) || name.endsWith('.keys'))
    return json({ message: `name is not allowed: map[name:${name} reason:reserved]` }, 422)
  return visit.store.user(name) ? json({ message: `user already exists: map[name:${name}]` }, 422) : undefined
}

function create(visit: Visit): Reply {
  const { username, email } = visit.json
  const fault = nameFault(visit, username)
  if (fault) return fault
  if (typeof email !== 'string' || !email.includes('@'))
    return json([{ fieldNames: ['Email'], classification: 'EmailError', message: 'Email' }], 422)
  if (visit.store.state.users.some((user) => user.email === email))
    return json({ message: `email has been used: map[email:${email}]` }, 422)
  return json(userShape(visit.store.addUser(username as string, email, null)), 201)
}

function edit(visit: Visit): Reply {
  const user = visit.store.user(visit.params[0]!)
  const { email, admin } = visit.json
  if (!user || typeof email !== 'string') return status(user ? 422 : 404)
  user.email = email
  if (typeof admin === 'boolean') user.admin = admin
  visit.store.save()
  return json(userShape(user))
}

function remove(visit: Visit): Reply {
  const user = visit.store.user(visit.params[0]!)
  if (!user) return status(404)
  if (visit.store.state.repos.some(({ ownerId }) => ownerId === user.id))
    return json({ message: `user still has repository ownership: map[userID:${user.id}]` }, 422)
  visit.store.deleteUser(user)
  return status(204)
}

function createOrganisation(visit: Visit): Reply {
  const owner = visit.store.user(visit.params[0]!)
  if (!owner) return status(404)
  const fault = nameFault(visit, visit.json['username'])
  if (fault) return fault
  return json(userShape(visit.store.addUser(visit.json['username'] as string, '', [owner.id])), 201)
}

// By header too, without a token or a CSRF check: another thing a gateway must not let pass.
export const ADMIN_API: readonly RouteLine[] = [
  ['POST', '/api/v1/admin/users', 'site-admin', create],
  ['PATCH', '/api/v1/admin/users/:', 'site-admin', edit],
  ['DELETE', '/api/v1/admin/users/:', 'site-admin', remove],
  ['POST', '/api/v1/admin/users/:/orgs', 'site-admin', createOrganisation],
]
