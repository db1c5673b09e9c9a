import type { RepoRef } from '../../core/action/action.ts'
import { sendChange } from './change.ts'
import type { Client } from './client.ts'
import type { GogsLine } from './lines.ts'

/** A file name that no file system takes: names are at most 255 bytes long. */
const TOO_LONG = 'x'.repeat(300)

/**
 * Have Gogs make the repository of a wiki, without a page in it. It does so before it writes the first page, and git cannot
 * reach a repository that is not there; so it is handed a page that it cannot write. Whether there is a repository then, the
 * push that follows tells.
 */
export async function makeWiki(
  client: Client,
  user: string,
  { owner, name }: RepoRef,
  line: GogsLine,
): Promise<void> {
  const body = new URLSearchParams({ title: TOO_LONG, content: 'x', message: '' }).toString()
  await sendChange(client, user, { method: 'POST', path: `/${owner}/${name}/wiki/_new`, body }, line)
}
