import { Buffer } from 'node:buffer'
import type { RepoRef } from '../../core/action/action.ts'
import { Cursor } from '../../core/bytes.ts'
import { ForgeError } from '../forge.ts'
import { type Answer, type Client, unexpected } from './client.ts'

const MAX_ADVERTISEMENT = 256 * 1024 * 1024

/** Path of a repository for git. */
export function gitPath({ owner, name }: RepoRef, part: 'code' | 'wiki'): string {
  return `/${owner}/${name}${part === 'wiki' ? '.wiki' : ''}.git`
}

/**
 * Read all refs over smart HTTP as one of `users`, the first that the forge lets in. A site administrator has no right
 * of their own on git HTTP, and the API gives an annotated tag by its commit, so nothing else would do.
 */
export async function readRefs(
  client: Client,
  repo: RepoRef,
  part: 'code' | 'wiki',
  users: readonly { authorization(): Promise<string>; drop(): void }[],
): Promise<ReadonlyMap<string, string> | undefined> {
  const path = `${gitPath(repo, part)}/info/refs?service=git-upload-pack`
  let last: Answer | undefined
  for (const { authorization, drop } of users) {
    last = await client.ask({ path, authorization: await authorization(), limit: MAX_ADVERTISEMENT })
    if (last.status === 401) {
      drop()
      last = await client.ask({ path, authorization: await authorization(), limit: MAX_ADVERTISEMENT })
    }
    if (last.status === 404) return undefined
    if (last.status === 200) return parseAdvertisement(last.body)
  }
  if (last) throw unexpected('reading refs', last)
  throw new ForgeError('unexpected', 'there is nobody who may read the refs')
}

/**
 * The reference discovery of gitprotocol-http: `# service=` and a flush, then `id SP name`, the first with NUL and
 * capabilities. Peeled values and the symbolic HEAD are left out. Rejects with ForgeError on anything else.
 */
export function parseAdvertisement(body: Uint8Array): ReadonlyMap<string, string> {
  const refs = new Map<string, string>()
  const cursor = new Cursor(body)
  let flushes = 0
  try {
    while (cursor.left > 0) {
      const line = nextLine(cursor)
      if (line === undefined) flushes++
      else if (flushes === 0) {
        if (line !== '# service=git-upload-pack') throw malformed()
      } else addRef(refs, line)
    }
  } catch {
    throw malformed()
  }
  if (flushes !== 2) throw malformed()
  return refs
}

/** One pkt-line without its LF; undefined for a flush. */
function nextLine(cursor: Cursor): string | undefined {
  const header = cursor.take(4).toString('latin1')
  if (!/^[0-9a-fA-F]{4}$/.test(header)) throw malformed()
  const length = Number.parseInt(header, 16)
  if (length === 0) return undefined
  const line = Buffer.from(cursor.take(length - 4)).toString('latin1')
  return line.endsWith('\n') ? line.slice(0, -1) : line
}

function addRef(refs: Map<string, string>, line: string): void {
  const match = /^([0-9a-f]{40}(?:[0-9a-f]{24})?) ([^\0]+)(?:\0.*)?$/s.exec(line)
  if (!match) throw malformed()
  const [, id, name] = match as unknown as [string, string, string]
  if (name === 'capabilities^{}' || name === 'HEAD' || name.endsWith('^{}')) return
  if (refs.has(name)) throw malformed()
  refs.set(name, id)
}

function malformed(): ForgeError {
  return new ForgeError('unexpected', 'the forge sent refs that cannot be read')
}
