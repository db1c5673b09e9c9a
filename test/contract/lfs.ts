import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { type Bench, basic } from './bench.ts'
import { EXTERNAL, type Reply } from './support.ts'

const JSON_TYPE = 'application/vnd.git-lfs+json'
const REPO = '/alice/media.git/info/lfs'
const bytes = Buffer.from('some large file\n')
const oid = createHash('sha256').update(bytes).digest('hex')
const size = bytes.length

/** Large files beside git: what is asked, what is kept, and what the forge says of what it will not keep. */
export function lfsContract(bench: Bench): void {
  const as = async (user: string): Promise<Record<string, string>> => ({
    authorization: await bench.forge.gitAuthorization(user),
  })
  async function post(path: string, value: unknown, headers?: Record<string, string>): Promise<Reply> {
    const types = { 'content-type': JSON_TYPE, accept: JSON_TYPE }
    const body = Buffer.from(JSON.stringify(value))
    return bench.web.ask(path, {
      method: 'POST',
      headers: { ...types, ...(headers ?? (await as('alice'))) },
      body,
    })
  }
  async function put(name: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<Reply> {
    const type = { 'content-type': 'application/octet-stream' }
    const all = { ...type, ...(await as('alice')), ...headers }
    return bench.web.ask(`${REPO}/objects/basic/${name}`, { method: 'PUT', headers: all, body })
  }
  const batch = (operation: string, objects: unknown, headers?: Record<string, string>): Promise<Reply> =>
    post(`${REPO}/objects/batch`, { operation, transfers: ['basic'], objects }, headers)
  const verify = (object: object, headers?: Record<string, string>): Promise<Reply> =>
    post(`${REPO}/objects/basic/verify`, object, headers)
  const said = ({ status, text }: Reply): [number, string] => [status, text.trim()]
  const message = (text: string): string => JSON.stringify({ message: text })
  const first = ({ text }: Reply): any => JSON.parse(text).objects[0]

  it('asks for a token as git-lfs knows it, and says nothing to who may not read', async () => {
    await bench.forge.createRepo('alice', 'media', { private: true, readme: true })
    const stranger = await batch('download', [{ oid, size }], {})
    assert.deepEqual(said(stranger), [401, message('Credentials needed')])
    assert.equal(stranger.headers.get('lfs-authenticate'), 'Basic realm="Git LFS"')
    assert.equal((await batch('download', [{ oid, size }], basic('0'.repeat(40)))).status, 401)
    assert.deepEqual(said(await batch('download', [{ oid, size }], await as('bob'))), [404, ''])
    assert.deepEqual(said(await put(oid, bytes, await as('bob'))), [404, ''])
  })

  it('offers an upload, at an address of its own, whether it has the object or not', async () => {
    const base = `${EXTERNAL}/alice/media.git/info/lfs/objects/basic`
    const expected = {
      oid,
      size,
      actions: {
        upload: { href: `${base}/${oid}`, header: { 'Content-Type': 'application/octet-stream' } },
        verify: { href: `${base}/verify` },
      },
    }
    const answer = await batch('upload', [{ oid, size }])
    assert.equal(answer.status, 200)
    assert.deepEqual(JSON.parse(answer.text), { transfer: 'basic', objects: [expected] })
    assert.equal((await put(oid, bytes)).status, 200)
    assert.deepEqual(first(await batch('upload', [{ oid, size }])), expected)
    assert.equal((await put(oid, Buffer.from('whatever'))).status, 200)
    const got = await bench.web.ask(`${REPO}/objects/basic/${oid}`, { headers: await as('alice') })
    assert.ok(got.bytes.equals(bytes))
    assert.equal(got.headers.get('content-length'), `${size}`)
    assert.equal(got.headers.get('content-type'), 'application/octet-stream')
  })

  it('offers a download of what it has, and an error among the actions for what it has not', async () => {
    assert.deepEqual(Object.keys(first(await batch('download', [{ oid, size }])).actions), ['download'])
    const errors = [
      [{ oid: 'ab'.repeat(32), size: 1 }, 404, 'Object does not exist'],
      [{ oid, size: size + 1 }, 422, 'Object size mismatch'],
      [{ oid: 'abc', size: 1 }, 404, 'Object does not exist'],
    ] as const
    for (const [object, code, words] of errors)
      assert.deepEqual(first(await batch('download', [object])).actions, { error: { code, message: words } })
  })

  it('offers no upload for what is no name', async () => {
    const error = { code: 422, message: 'Object has invalid oid' }
    assert.deepEqual(first(await batch('upload', [{ oid: 'abc', size: 1 }])).actions, { error })
  })

  it('takes nothing that is not what its name says', async () => {
    const other = createHash('sha256').update('other').digest('hex')
    const mismatch = message('content hash does not match OID')
    assert.deepEqual(said(await put(other, bytes)), [400, mismatch])
    assert.deepEqual(said(await put(other, Buffer.from('othe'))), [400, mismatch])
    assert.deepEqual(said(await put('abc', bytes)), [400, message('Invalid oid')])
    assert.equal((await put(other, Buffer.from('other'), { 'content-type': 'text/plain' })).status, 400)
    const gone = await bench.web.ask(`${REPO}/objects/basic/${other}`, { headers: await as('alice') })
    assert.deepEqual(said(gone), [404, message('Object does not exist')])
  })

  it('verifies an object by its size, and knows it in its repository only', async () => {
    assert.deepEqual(said(await verify({ oid, size })), [200, ''])
    assert.deepEqual(said(await verify({ oid, size: 1 })), [400, message('Object size mismatch')])
    assert.deepEqual(said(await verify({ oid: 'ab'.repeat(32), size })), [
      404,
      message('Object does not exist'),
    ])
    assert.deepEqual(said(await verify({ oid: 'x', size })), [400, message('Invalid oid')])
    await bench.forge.createRepo('alice', 'media-too', { private: false, readme: true })
    const elsewhere = `/alice/media-too.git/info/lfs/objects/basic`
    assert.equal((await bench.web.ask(`${elsewhere}/${oid}`, { headers: await as('alice') })).status, 404)
    // Whoever may only read is told at the object.
    const type = { 'content-type': 'application/octet-stream' }
    const headers = { ...type, ...(await as('bob')) }
    const sent = await bench.web.ask(`${elsewhere}/${oid}`, { method: 'PUT', headers, body: bytes })
    assert.deepEqual(said(sent), [404, ''])
  })

  it('knows two operations, one media type, and no locks', async () => {
    assert.deepEqual(said(await batch('steal', [{ oid, size }])), [400, message('Operation not recognized')])
    const plain = { 'content-type': 'application/json', accept: 'application/json', ...(await as('alice')) }
    assert.equal((await batch('download', [{ oid, size }], plain)).status, 406)
    assert.equal((await post(`${REPO}/locks/verify`, {})).status, 404)
    assert.equal((await post(`${REPO.replace('.git', '.wiki.git')}/objects/batch`, {})).status, 404)
  })
}
