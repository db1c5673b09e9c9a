import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Bench, tokenOf } from './bench.ts'

/**
 * What the forge does when it is asked directly and the gateway refuses: each of these moves a ref or changes
 * something else, so the refusals protect what is real.
 */
export function unguardedContract(bench: Bench): void {
  const path = '/alice/bare'
  const main = async () => (await bench.refs('alice/bare'))['refs/heads/main']
  /** Expect `change` to move the main branch. */
  async function moves(change: () => Promise<{ status: number }>, status = 302): Promise<void> {
    const before = await main()
    assert.equal((await change()).status, status)
    assert.notEqual(await main(), before)
  }
  const edit = (action: string, file: string, form: Record<string, string>) =>
    bench.web.submit('alice', `${path}/${action}/main/${file}`, { commit_choice: 'direct', ...form })

  it('commits for the web editor', async () => {
    await bench.forge.createRepo('alice', 'bare', { private: true, readme: true })
    assert.equal((await bench.web.ask(`${path}/_new/main/`, { as: 'alice' })).status, 200)
    await moves(() => edit('_new', '', { tree_path: 'x.txt', content: 'one' }))
    const last_commit = (await main())!
    await moves(() => edit('_edit', 'x.txt', { tree_path: 'x.txt', content: 'two', last_commit }))
    assert.equal((await bench.web.ask(`${path}/raw/main/x.txt`, { as: 'alice' })).text, 'two')
    await moves(() => edit('_delete', 'x.txt', {}))
    assert.equal(
      (await bench.web.submit('bob', `${path}/_new/main/`, { tree_path: 'y', content: 'y' })).status,
      404,
    )
  })

  it('merges a pull request, and deletes its branch', async () => {
    const form = {
      tree_path: 'y.txt',
      content: 'y',
      commit_choice: 'commit-to-new-branch',
      new_branch_name: 'feature',
    }
    const made = await bench.web.submit('alice', `${path}/_new/main/`, form)
    assert.deepEqual([made.status, made.location], [302, `${path}/compare/main...alice:feature`])
    assert.equal((await bench.web.ask(`${path}/compare/main...feature`, { as: 'alice' })).status, 200)
    const pull = await bench.web.submit('alice', `${path}/compare/main...feature`, {
      title: 'PR',
      content: '',
    })
    assert.match(pull.location ?? '', /^\/alice\/bare\/pulls\/[0-9]+$/)
    assert.equal((await bench.web.ask(pull.location!, { as: 'alice' })).status, 200)
    // Whether it can be merged is found out in the background.
    for (let tries = 0; tries < 100; tries++) {
      const before = await main()
      const { status, location } = await bench.web.submit('alice', `${pull.location}/merge`, {
        merge_style: 'create_merge_commit',
      })
      if (status === 404) continue
      assert.deepEqual([status, location], [302, pull.location])
      assert.notEqual(await main(), before)
      break
    }
    assert.equal(
      (await bench.web.submit('alice', `${pull.location}/merge`, { merge_style: 'create_merge_commit' }))
        .status,
      404,
    )
    assert.ok((await bench.refs('alice/bare'))['refs/heads/feature'])
    assert.equal((await bench.web.submit('alice', `${path}/branches/delete/feature`)).status, 302)
    assert.equal((await bench.refs('alice/bare'))['refs/heads/feature'], undefined)
  })

  it('commits for the contents API', async () => {
    const headers = { authorization: `token ${tokenOf(await bench.forge.gitAuthorization('alice'))}` }
    const json = { message: 'by API', content: Buffer.from('hello').toString('base64'), branch: 'main' }
    await moves(
      () => bench.web.ask(`/api/v1/repos${path}/contents/z.txt`, { method: 'PUT', headers, json }),
      201,
    )
  })

  it('opens and closes a milestone for a GET', async () => {
    assert.equal(
      (
        await bench.web.submit('alice', `${path}/milestones/new`, {
          title: 'Soon',
          content: '',
          deadline: '',
        })
      ).status,
      302,
    )
    const closed = async () =>
      (await bench.web.ask(`${path}/milestones?state=closed`, { as: 'alice' })).text.includes('Soon')
    assert.equal(await closed(), false)
    const answer = await bench.web.ask(`${path}/milestones/1/close`, { as: 'alice' })
    assert.deepEqual([answer.status, answer.location], [302, `${path}/milestones?state=closed`])
    assert.equal(await closed(), true)
  })

  it('makes a user for a form in the name of an administrator, without any CSRF token', async () => {
    const json = { username: 'planted', email: 'planted@example.com', password: 'long enough' }
    assert.equal((await bench.web.ask('/api/v1/admin/users', { as: 'countersign', json })).status, 201)
    assert.ok(await bench.forge.user('planted'))
  })

  it('creates an issue for the API', async () => {
    const headers = { authorization: `token ${tokenOf(await bench.forge.gitAuthorization('alice'))}` }
    const answer = await bench.web.ask(`/api/v1/repos${path}/issues`, {
      headers,
      json: { title: 'by API', body: '' },
    })
    assert.deepEqual([answer.status, JSON.parse(answer.text).title], [201, 'by API'])
  })
}
