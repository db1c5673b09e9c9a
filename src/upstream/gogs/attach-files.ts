import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { type ChangeRequest, type FileToAttach, ForgeError } from '../forge.ts'
import { csrfToken } from './change.ts'
import { type Client, jsonObject, unexpected } from './client.ts'
import type { GogsLine } from './lines.ts'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Give Gogs the files that a form names, as `user`, and the form with the words that Gogs has for them. A file that no form
 * names in the end is left to Gogs, as when a browser leaves the page.
 */
export async function attachFiles(
  client: Client,
  user: string,
  request: ChangeRequest,
  files: readonly FileToAttach[],
  line: Pick<GogsLine, 'csrf'>,
): Promise<ChangeRequest> {
  if (files.length === 0) return request
  const csrf = line.csrf ? await csrfToken(client, user) : undefined
  const words = new Map<string, string>()
  for (const { id, name, file } of files) {
    const form = new FormData()
    form.append('file', new File([new Uint8Array(await readFile(file))], name))
    const written = new Response(form)
    const answer = await client.ask({
      method: 'POST',
      path: '/releases/attachments',
      as: user,
      ...(csrf !== undefined && { csrf }),
      stream: {
        type: written.headers.get('content-type') ?? '',
        body: Readable.from([Buffer.from(await written.arrayBuffer())]),
      },
    })
    if (answer.status !== 200) throw unexpected('attaching a file', answer)
    const { uuid } = jsonObject('attaching a file', answer)
    if (typeof uuid !== 'string' || !UUID.test(uuid))
      throw new ForgeError('unexpected', 'the forge has no word for a file')
    words.set(id, uuid)
  }
  const body = new URLSearchParams()
  for (const [name, value] of new URLSearchParams(request.body))
    body.append(name, name === 'files' ? (words.get(value) ?? value) : value)
  return { ...request, body: body.toString() }
}
