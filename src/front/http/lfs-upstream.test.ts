import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import { Pool } from 'undici'
import type { Passage } from '../../flow/passage.ts'
import type { GitDoorDeps } from './git-request.ts'
import { askForge, lfsPath } from './lfs-upstream.ts'

const passage = {
  principal: { account: { name: 'alice' } },
  repo: { id: 3, owner: 'Acme', name: 'App' },
} as unknown as Passage
const client = { headers: { 'user-agent': 'git-lfs/3.3.0', authorization: 'Basic x' } } as IncomingMessage

/** A forge that answers as `script` says, asked once for us. */
async function asked(script: (seen: IncomingMessage, res: ServerResponse, times: number) => void): Promise<{
  answer: Awaited<ReturnType<typeof askForge>>
  seen: IncomingMessage[]
  dropped: string[]
}> {
  const seen: IncomingMessage[] = []
  const dropped: string[] = []
  const server = createServer((req, res) => {
    req.resume().once('end', () => script(req, res, seen.push(req)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  after(() => server.close())
  let minted = 0
  const deps = {
    pool,
    ctx: {
      forge: {
        gitAuthorization: () => Promise.resolve(`Basic token-${++minted}`),
        dropGitAuthorization: (user: string) => dropped.push(user),
      },
      log: { warn() {} },
    },
  } as unknown as GitDoorDeps
  const answer = await askForge(client, passage, deps, 'objects/batch', '{}')
  await pool.destroy()
  server.closeAllConnections()
  return { answer, seen, dropped }
}

describe('a question about large files to the forge', () => {
  test('goes to its own spelling of the repository, with its token and no word of the client', async () => {
    const { answer, seen } = await asked((_req, res) => res.end('{"a":1}'))
    assert.deepEqual([answer?.status, answer?.body?.toString()], [200, '{"a":1}'])
    const [{ url, headers }] = seen as [IncomingMessage]
    assert.equal(url, '/Acme/App.git/info/lfs/objects/batch')
    assert.equal(url, lfsPath(passage, 'objects/batch'))
    assert.equal(headers.authorization, 'Basic token-1')
    assert.equal(headers['content-type'], 'application/vnd.git-lfs+json')
    assert.equal(headers.accept, 'application/vnd.git-lfs+json')
  })
  test('is asked again with another token when that one was swept, once', async () => {
    const swept = await asked((_req, res, times) => res.writeHead(times === 1 ? 401 : 200).end('{}'))
    assert.deepEqual([swept.answer?.status, swept.seen.length, swept.dropped], [200, 2, ['alice']])
    assert.equal(swept.seen[1]!.headers.authorization, 'Basic token-2')
    const never = await asked((_req, res) => res.writeHead(401).end())
    assert.deepEqual([never.answer?.status, never.seen.length], [401, 2])
  })
  test('has no body when the answer is longer than anything that is read', async () => {
    const { answer } = await asked((_req, res) => res.end(Buffer.alloc((4 << 20) + 1)))
    assert.deepEqual([answer?.status, answer?.body], [200, undefined])
  })
  test('has no answer when the forge breaks off', async () => {
    assert.equal((await asked((_req, res) => res.destroy())).answer, undefined)
    const half = await asked((_req, res) => {
      res.writeHead(200, { 'content-length': 10 }).write('half')
      setImmediate(() => res.destroy())
    })
    assert.equal(half.answer, undefined)
  })
})
