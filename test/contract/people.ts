import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Bench, tokenOf } from './bench.ts'

/** Users, repositories and what each may see of them. */
export function peopleContract(bench: Bench): void {
  const asAdmin = (path: string, method: string, json?: unknown) =>
    bench.web.ask(`/api/v1/admin/users${path}`, { as: 'countersign', method, json })

  it('finds a user by name in any case, with id and e-mail', async () => {
    assert.deepEqual(await bench.forge.user('Alice'), {
      id: bench.users.alice.id,
      name: 'alice',
      fullName: '',
      email: 'alice@example.com',
    })
    assert.equal(await bench.forge.user('nobody'), undefined)
    assert.equal(await bench.forge.user('../admin'), undefined)
    assert.equal(await bench.forge.user('-alice'), undefined)
  })

  it('says what a person is called now, by their id', async () => {
    assert.equal(await bench.forge.nameOf(bench.users.alice.id), 'alice')
    assert.equal(await bench.forge.nameOf(987654), undefined)
  })

  it('makes no user twice, by name or by e-mail, and none with a bad name', async () => {
    const make = (name: string, email: string) => bench.forge.createUser({ name, email, admin: false })
    assert.deepEqual(await make('ALICE', 'other@example.com'), { ok: false, error: 'exists' })
    assert.deepEqual(await make('other', 'alice@example.com'), { ok: false, error: 'exists' })
    for (const name of ['a b', 'a/b', '', '-a', 'admin', 'assets', 'x'.repeat(36), 'x.keys']) {
      assert.deepEqual(await make(name, 'other@example.com'), { ok: false, error: 'bad-name' }, name)
    }
    assert.equal(
      (await asAdmin('', 'POST', { username: 'assets', email: 'o@example.com', password: 'long enough' }))
        .status,
      422,
    )
    assert.equal(
      (await asAdmin('', 'POST', { username: 'a b', email: 'o@example.com', password: 'long enough' }))
        .status,
      422,
    )
  })

  it('makes an administrator when asked, and never gives an id twice', async () => {
    const root = await bench.forge.createUser({ name: 'root1', email: 'root1@example.com', admin: true })
    assert.ok(root.ok)
    assert.equal((await bench.web.ask('/admin', { as: 'root1' })).status, 200)
    assert.equal((await asAdmin('/root1', 'DELETE')).status, 204)
    assert.equal(await bench.forge.user('root1'), undefined)
    assert.equal((await asAdmin('/root1', 'DELETE')).status, 404)
    const again = await bench.forge.createUser({ name: 'root1', email: 'root1@example.com', admin: false })
    assert.ok(again.ok && again.value.id > root.value.id)
    assert.equal((await bench.web.ask('/admin', { as: 'root1' })).status, 403)
  })

  it('deletes nobody who owns repositories', async () => {
    assert.equal((await asAdmin('/alice', 'DELETE')).status, 422)
  })

  it('says what each user may do with a repository', async () => {
    const own = await bench.forge.repo('ALICE', 'App', 'alice')
    assert.deepEqual(own?.permissions, { admin: true, push: true, pull: true })
    assert.deepEqual([own?.owner, own?.name, own?.private], ['alice', 'app', true])
    assert.equal(await bench.forge.repo('alice', 'app', 'bob'), undefined)
    assert.equal(await bench.forge.repo('alice', 'app', 'countersign'), undefined)
    assert.equal(await bench.forge.repo('alice', 'nope', 'alice'), undefined)
    assert.equal(await bench.forge.repo('nobody', 'app', 'alice'), undefined)
    assert.equal((await bench.web.ask('/alice/app', { as: 'bob' })).status, 404)
    const shared = await bench.forge.createRepo('alice', 'Shared', { private: false, readme: false })
    assert.equal(shared.private, false)
    await assert.rejects(bench.forge.repo('alice', 'shared', null), /REQUIRE_SIGNIN_VIEW/)
    const seen = await bench.forge.repo('alice', 'shared', 'bob')
    assert.deepEqual([seen?.id, seen?.permissions], [shared.id, { admin: false, push: false, pull: true }])
  })

  it('follows collaborators as they come and go', async () => {
    const headers = { authorization: `token ${tokenOf(await bench.forge.gitAuthorization('alice'))}` }
    await bench.forge.createRepo('alice', 'team', { private: true, readme: true })
    const path = '/api/v1/repos/alice/team/collaborators/bob'
    for (const [permission, push, admin] of [
      ['read', false, false],
      ['write', true, false],
      ['admin', true, true],
    ] as const) {
      assert.equal((await bench.web.ask(path, { method: 'PUT', headers, json: { permission } })).status, 204)
      assert.deepEqual((await bench.forge.repo('alice', 'team', 'bob'))?.permissions, {
        admin,
        push,
        pull: true,
      })
    }
    assert.equal((await bench.web.ask(path, { method: 'DELETE', headers })).status, 204)
    assert.equal(await bench.forge.repo('alice', 'team', 'bob'), undefined)
  })

  it('makes no repository twice', async () => {
    await assert.rejects(bench.forge.createRepo('alice', 'APP', { private: true, readme: false }), {
      code: 'unexpected',
    })
    await assert.rejects(bench.forge.createRepo('alice', 'x.git', { private: true, readme: false }), {
      code: 'unexpected',
    })
  })

  it('takes an organisation for nobody, and reads its refs as a member', async () => {
    assert.equal((await asAdmin('/alice/orgs', 'POST', { username: 'acme' })).status, 201)
    assert.equal(await bench.forge.user('acme'), undefined)
    assert.equal((await bench.forge.org('ACME'))?.name, 'acme')
    assert.equal(await bench.forge.org('alice'), undefined)
    assert.equal(await bench.forge.org('nobody'), undefined)
    const headers = { authorization: `token ${tokenOf(await bench.forge.gitAuthorization('alice'))}` }
    const json = { name: 'tool', private: true, auto_init: true, readme: 'Default' }
    assert.equal((await bench.web.ask('/api/v1/org/acme/repos', { headers, json })).status, 201)
    const repo = await bench.forge.repo('acme', 'tool', 'alice')
    assert.deepEqual(repo?.permissions, { admin: true, push: true, pull: true })
    assert.deepEqual(
      [...((await bench.forge.refs(repo!, 'code', 'alice'))?.keys() ?? [])],
      ['refs/heads/main'],
    )
    await assert.rejects(bench.forge.refs(repo!, 'code', 'bob'), { code: 'unexpected' })
  })
}
