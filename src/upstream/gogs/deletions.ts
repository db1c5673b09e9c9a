import { randomSecret } from '../../core/crypto.ts'
import type { ChangeAnswer, ChangeRequest } from '../forge.ts'
import { sendChange } from './change.ts'
import { type Client, jsonObject, unexpected } from './client.ts'
import type { GogsLine } from './lines.ts'

/**
 * Gogs deletes an account or an organisation for its password, and nobody behind a gateway has one: so the service user asks,
 * for whoever may. Undefined when `request` is no deletion.
 */
export function sendDeletion(
  client: Client,
  serviceUser: string,
  user: string,
  request: ChangeRequest,
  line: Pick<GogsLine, 'csrf'>,
): Promise<ChangeAnswer> | undefined {
  if (request.method !== 'POST') return undefined
  if (request.path === '/user/settings/delete') return deleteUser(client, serviceUser, user)
  const org = /^\/org\/([^/]+)\/settings\/delete$/.exec(request.path)?.[1]
  return org === undefined ? undefined : deleteOrganisation(client, serviceUser, user, org, line)
}

async function deleteUser(client: Client, serviceUser: string, user: string): Promise<ChangeAnswer> {
  const path = `/api/v1/admin/users/${encodeURIComponent(user)}`
  const answer = await client.ask({ method: 'DELETE', path, as: serviceUser })
  const { status } = answer
  if (status === 204) return { status, accepted: true, next: '/', said: null }
  if (status === 422) return { status, accepted: false, next: null, said: STILL_OWNS }
  throw unexpected('deleting an account', answer)
}

const STILL_OWNS = 'Whoever owns repositories or belongs to an organisation is not deleted.'

/** Only an owner sees the page of its settings; a site administrator may do everything, and so may the service user. */
async function deleteOrganisation(
  client: Client,
  serviceUser: string,
  user: string,
  org: string,
  line: Pick<GogsLine, 'csrf'>,
): Promise<ChangeAnswer> {
  const may = await client.ask({ path: `/org/${org}/settings`, as: user })
  if (may.status !== 200) return { status: may.status, accepted: false, next: null, said: null }
  const password = randomSecret()
  await setPassword(client, serviceUser, password)
  try {
    const body = new URLSearchParams({ password }).toString()
    const path = `/org/${org}/settings/delete`
    const answer = await sendChange(client, serviceUser, { method: 'POST', path, body }, line)
    // Back on its own page it was not deleted.
    return answer.next?.endsWith('/settings/delete') ? { ...answer, accepted: false, next: null } : answer
  } finally {
    await setPassword(client, serviceUser, randomSecret())
  }
}

/** The service user has nothing else in its profile, so nothing is lost by writing all of it. */
async function setPassword(client: Client, serviceUser: string, password: string): Promise<void> {
  const found = await client.ask({ path: `/api/v1/users/${serviceUser}`, as: serviceUser })
  if (found.status !== 200) throw unexpected('looking up the service user', found)
  const { email } = jsonObject('looking up the service user', found)
  const answer = await client.ask({
    method: 'PATCH',
    path: `/api/v1/admin/users/${serviceUser}`,
    as: serviceUser,
    json: { email, password, admin: true, active: true },
  })
  if (answer.status !== 200) throw unexpected('readying the service user', answer)
}
