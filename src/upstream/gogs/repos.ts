import { ForgeError, type ForgeRepo } from '../forge.ts'
import { type Answer, type Client, jsonObject, unexpected } from './client.ts'
import { isOwnerName, isRepoName } from './names.ts'

/**
 * A repository as `asUser` sees it, or everybody. Asked by the header and not with a token, so that a site administrator has no
 * more right here than on git: none of their own on other people's private repositories.
 */
export async function findRepo(
  client: Client,
  owner: string,
  name: string,
  asUser: string | null,
): Promise<ForgeRepo | undefined> {
  if (!isOwnerName(owner) || !isRepoName(name)) return undefined
  const answer = await client.ask({
    path: `/api/v1/repos/${owner}/${name}`,
    ...(asUser !== null && { as: asUser }),
  })
  if (answer.status === 404) return undefined
  if (answer.status === 403 && asUser === null)
    throw new ForgeError(
      'unexpected',
      'the forge shows nothing to visitors: set REQUIRE_SIGNIN_VIEW = false in [auth] of its app.ini',
    )
  if (answer.status !== 200) throw unexpected('looking up a repository', answer)
  return repoOf(answer)
}

/** Make a repository that belongs to `asUser`. */
export async function createRepo(
  client: Client,
  token: string,
  name: string,
  options: { private: boolean; readme: boolean },
): Promise<ForgeRepo> {
  const json = {
    name,
    description: '',
    private: options.private,
    auto_init: options.readme,
    readme: 'Default',
  }
  const answer = await client.ask({
    method: 'POST',
    path: '/api/v1/user/repos',
    authorization: `token ${token}`,
    json,
  })
  if (answer.status !== 201) throw unexpected('creating a repository', answer)
  return repoOf(answer)
}

function repoOf(answer: Answer): ForgeRepo {
  const repo = jsonObject('a repository', answer)
  const [owner, name, ...more] = typeof repo['full_name'] === 'string' ? repo['full_name'].split('/') : []
  const may = repo['permissions']
  if (
    !Number.isSafeInteger(repo['id']) ||
    !owner ||
    !name ||
    more.length > 0 ||
    typeof may !== 'object' ||
    may === null
  ) {
    throw unexpected('a repository', answer)
  }
  const { admin, push, pull } = may as Record<string, unknown>
  return {
    id: repo['id'] as number,
    owner,
    name,
    private: repo['private'] !== false,
    permissions: { admin: admin === true, push: push === true, pull: pull === true },
  }
}
