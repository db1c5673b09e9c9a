import { randomSecret } from '../../core/crypto.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { ForgeOrg, ForgeUser } from '../forge.ts'
import { type Answer, type Client, jsonObject, unexpected } from './client.ts'
import { isOwnerName } from './names.ts'

const MAX_USER_NAME = 35

/** The person called `name`. An organisation is nobody: Gogs would sign in "as" one by the header. */
export async function findUser(
  client: Client,
  serviceUser: string,
  name: string,
): Promise<ForgeUser | undefined> {
  const owner = await findOwner(client, serviceUser, name)
  return owner?.kind === 'user' ? owner.user : undefined
}

const MAX_PEOPLE = 1_000_000

/** The name of the person with that id. Gogs finds people by their names only, so all are listed: `%` is any. */
export async function findName(client: Client, serviceUser: string, id: number): Promise<string | undefined> {
  const path = `/api/v1/users/search?q=%25&limit=${MAX_PEOPLE}`
  const answer = await client.ask({ path, as: serviceUser, limit: 256 * 1024 * 1024 })
  if (answer.status !== 200) throw unexpected('looking through the users', answer)
  const { data } = jsonObject('looking through the users', answer)
  if (!Array.isArray(data)) throw unexpected('looking through the users', answer)
  const found = (data as readonly unknown[]).find(
    (one) => typeof one === 'object' && one !== null && (one as { id?: unknown }).id === id,
  ) as { username?: unknown; login?: unknown } | undefined
  const name = found?.username ?? found?.login
  return typeof name === 'string' && isOwnerName(name) ? name : undefined
}

/** The organisation called `name`, which is no person. */
export async function findOrganisation(
  client: Client,
  serviceUser: string,
  name: string,
): Promise<ForgeOrg | undefined> {
  const owner = await findOwner(client, serviceUser, name)
  return owner?.kind === 'org' ? { id: owner.user.id, name: owner.user.name } : undefined
}

/**
 * Who owns what is under `name`. The API of Gogs gives people and organisations alike, so a page that only an
 * organisation has is asked for as well; for a person it leads back to theirs.
 */
async function findOwner(
  client: Client,
  serviceUser: string,
  name: string,
): Promise<{ kind: 'user' | 'org'; user: ForgeUser } | undefined> {
  if (!isOwnerName(name)) return undefined
  const answer = await client.ask({ path: `/api/v1/users/${name}`, as: serviceUser })
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw unexpected('looking up a user', answer)
  const user = userOf(answer)
  if (user.name.toLowerCase() !== name.toLowerCase()) throw unexpected('looking up a user', answer)
  const asOrganisation = await client.ask({ method: 'HEAD', path: `/org/${name}/members`, as: serviceUser })
  if (asOrganisation.status === 302 && asOrganisation.location === `/${user.name}`)
    return { kind: 'user', user }
  if (asOrganisation.status === 200) return { kind: 'org', user }
  throw unexpected('looking up an organisation', asOrganisation)
}

/** Make a person with a random password that nobody keeps; an empty one would open pages and mint tokens. */
export async function createUser(
  client: Client,
  serviceUser: string,
  user: { name: string; email: string; admin: boolean },
): Promise<Result<ForgeUser, 'exists' | 'bad-name'>> {
  if (!isOwnerName(user.name) || user.name.length > MAX_USER_NAME) return err('bad-name')
  const answer = await client.ask({
    method: 'POST',
    path: '/api/v1/admin/users',
    as: serviceUser,
    json: { username: user.name, email: user.email, password: randomSecret(), send_notify: false },
  })
  if (answer.status === 422)
    return err(
      /user already exists|email has been used/.test(answer.body.toString('utf8')) ? 'exists' : 'bad-name',
    )
  if (answer.status !== 201) throw unexpected('creating a user', answer)
  const created = userOf(answer)
  if (user.admin) {
    // Blanks every profile field it is not told; a user of this moment has none.
    const json = { email: user.email, password: randomSecret(), admin: true, active: true }
    const changed = await client.ask({
      method: 'PATCH',
      path: `/api/v1/admin/users/${created.name}`,
      as: serviceUser,
      json,
    })
    if (changed.status !== 200) throw unexpected('making an administrator', changed)
  }
  return ok(created)
}

function userOf(answer: Answer): ForgeUser {
  const { id, username, login, email, full_name: fullName } = jsonObject('a user', answer)
  const name = username ?? login
  if (!Number.isSafeInteger(id) || typeof name !== 'string' || !isOwnerName(name))
    throw unexpected('a user', answer)
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return { id: id as number, name, fullName: text(fullName), email: text(email) }
}
