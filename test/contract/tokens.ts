import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Bench, basic, tokenOf } from './bench.ts'

const PAGE = '/user/settings/applications'
const GIT = '/alice/app.git/info/refs?service=git-upload-pack'

/** Minting, using and deleting access tokens: way A of the integration contract. */
export function tokenContract(bench: Bench): void {
  async function mint(user: string, name: string): Promise<string> {
    const answer = await bench.web.submit(user, PAGE, { name })
    assert.deepEqual([answer.status, answer.location], [302, PAGE])
    const token = new URLSearchParams(decodeURIComponent(answer.cookie('macaron_flash') ?? '')).get('info')
    assert.match(token ?? '', /^[0-9a-f]{40}$/)
    return token!
  }

  async function idOf(user: string, name: string): Promise<string> {
    const { text } = await bench.web.ask(PAGE, { as: user })
    const [, id] = new RegExp(`<strong>${name}</strong>[^]*?data-id="([0-9]+)"`).exec(text) ?? []
    assert.ok(id, `${name} is on the page`)
    return id
  }

  it('mints a token into the flash cookie, lists it by name and id, deletes it', async () => {
    const token = await mint('alice', 'mine')
    assert.equal((await bench.web.ask(GIT, { headers: basic(token) })).status, 200)
    const deleted = await bench.web.submit('alice', `${PAGE}/delete`, { id: await idOf('alice', 'mine') })
    assert.deepEqual([deleted.status, JSON.parse(deleted.text)], [200, { redirect: PAGE }])
    assert.equal((await bench.web.ask(GIT, { headers: basic(token) })).status, 401)
  })

  it('mints no second token of the same name', async () => {
    await mint('alice', 'twice')
    const again = await bench.web.submit('alice', PAGE, { name: 'twice' })
    assert.equal(
      new URLSearchParams(decodeURIComponent(again.cookie('macaron_flash') ?? '')).get('info'),
      null,
    )
  })

  it('deletes only tokens of one’s own', async () => {
    const token = await mint('alice', 'kept')
    await bench.web.submit('bob', `${PAGE}/delete`, { id: await idOf('alice', 'kept') })
    assert.equal((await bench.web.ask(GIT, { headers: basic(token) })).status, 200)
  })

  it('takes a token on git as user name or as password, and nothing else', async () => {
    const token = await mint('alice', 'places')
    assert.equal((await bench.web.ask(GIT, { headers: basic(token) })).status, 200)
    assert.equal((await bench.web.ask(GIT, { headers: basic('whoever', token) })).status, 200)
    const refused = [
      {},
      basic('0'.repeat(40)),
      basic('alice', ''),
      { authorization: `token ${token}` },
      { authorization: `Bearer ${token}` },
    ]
    for (const headers of refused) {
      const answer = await bench.web.ask(GIT, { headers: headers as Record<string, string> })
      assert.equal(answer.status, 401)
      assert.equal(answer.headers.get('www-authenticate'), 'Basic realm="."')
    }
    assert.equal((await bench.web.ask(GIT, { as: 'alice' })).status, 401)
  })

  it('takes a token on the API, where the header alone does not do', async () => {
    const authorization = `token ${await mint('alice', 'api')}`
    const { status, text } = await bench.web.ask('/api/v1/user', { headers: { authorization } })
    assert.deepEqual([status, JSON.parse(text).id], [200, bench.users.alice.id])
    assert.equal((await bench.web.ask('/api/v1/user', { as: 'alice' })).status, 401)
    assert.equal(
      (await bench.web.ask('/api/v1/user', { headers: { authorization: `token ${'0'.repeat(40)}` } })).status,
      403,
    )
  })

  it('shares one minted token among concurrent callers', async () => {
    const all = await Promise.all(
      ['bob', 'BOB', 'bob', 'Bob'].map((name) => bench.forge.gitAuthorization(name)),
    )
    assert.equal(new Set(all).size, 1)
    const { text } = await bench.web.ask(PAGE, { as: 'bob' })
    assert.equal(text.match(/<strong>cs-[0-9a-f]{12}-[0-9a-f]{16}<\/strong>/g)?.length, 1)
  })

  it('mints anew after a refused token is dropped, and leaves no old one behind', async () => {
    const before = await bench.forge.gitAuthorization('bob')
    bench.forge.dropGitAuthorization('bob')
    const after = await bench.forge.gitAuthorization('bob')
    assert.notEqual(after, before)
    const answer = await bench.web.ask('/api/v1/user', {
      headers: { authorization: `token ${tokenOf(before)}` },
    })
    assert.equal(answer.status, 403)
  })

  it('rejects for a user that does not exist', async () => {
    await assert.rejects(bench.forge.gitAuthorization('nobody'), { code: 'unexpected' })
  })

  it('deletes its own tokens at the end, and no others', async () => {
    await mint('bob', 'cs-000000000000-other')
    const minted = await bench.forge.gitAuthorization('bob')
    await bench.restart()
    assert.equal((await bench.web.ask(GIT, { headers: { authorization: minted } })).status, 401)
    const { text } = await bench.web.ask(PAGE, { as: 'bob' })
    assert.match(text, /<strong>cs-000000000000-other<\/strong>/)
    assert.equal(text.match(/<strong>cs-/g)?.length, 1)
  })
}
