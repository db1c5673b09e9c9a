import type { RepoRef } from '../../core/action/action.ts'
import { sha256Hex } from '../../core/crypto.ts'
import type { ForgeRelease } from '../forge.ts'
import { type Client, unexpected } from './client.ts'

/** Notes of all releases come along. */
const MAX_LIST = 32 * 1024 * 1024
/** Gogs takes no larger file unless told to. */
const MAX_FILE = 64 * 1024 * 1024

/** Releases and drafts, as `asUser` sees the repository: by the header, so that nobody has more right here than on git. */
export async function listReleases(
  client: Client,
  { owner, name }: RepoRef,
  asUser: string,
): Promise<readonly ForgeRelease[] | undefined> {
  const answer = await client.ask({
    path: `/api/v1/repos/${owner}/${name}/releases`,
    as: asUser,
    limit: MAX_LIST,
  })
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw unexpected('listing releases', answer)
  return parseReleases(answer.body.toString('utf8')) ?? fail(answer)
}

function fail(answer: Parameters<typeof unexpected>[1]): never {
  throw unexpected('listing releases', answer)
}

/** The list as the API gives it; undefined when it cannot be read. */
export function parseReleases(text: string): readonly ForgeRelease[] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    if (!Array.isArray(list)) return undefined
    const releases = list.map(releaseOf)
    return releases.every((one) => one !== undefined) ? releases : undefined
  } catch {
    return undefined
  }
}

function releaseOf(value: unknown): ForgeRelease | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, tag_name: tag, target_commitish: target, draft } = value as Record<string, unknown>
  return Number.isSafeInteger(id) &&
    typeof tag === 'string' &&
    typeof target === 'string' &&
    typeof draft === 'boolean'
    ? { id: id as number, tag, target, draft }
    : undefined
}

/** SHA-256 of an attachment; undefined where Gogs shows none to `asUser`. */
export async function attachmentDigest(
  client: Client,
  uuid: string,
  asUser: string,
): Promise<string | undefined> {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) return undefined
  const answer = await client.ask({ path: `/attachments/${uuid}`, as: asUser, limit: MAX_FILE })
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw unexpected('reading an attachment', answer)
  return sha256Hex(answer.body)
}
