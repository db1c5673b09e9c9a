import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ForgePull } from '../../src/upstream/forge.ts'
import type { Bench } from './bench.ts'

/** Pull requests as the forge's pages tell of them: within one repository and from a fork, open, closed and merged. */
export function pullContract(bench: Bench): void {
  const edit = (as: string, repo: string, file: string, branch: string) =>
    bench.web.submit(as, `/${repo}/_new/main/`, {
      tree_path: file,
      content: 'x\n',
      commit_choice: 'commit-to-new-branch',
      new_branch_name: branch,
    })
  const open = async (as: string, head: string): Promise<number> => {
    const made = await bench.web.submit(as, `/alice/pulls/compare/main...${head}`, {
      title: 'x',
      content: '',
    })
    const number = /^\/alice\/pulls\/pulls\/(\d+)$/.exec(made.location ?? '')?.[1]
    assert.ok(number, made.location ?? made.text.slice(0, 300))
    return Number(number)
  }
  const facts = (pull: ForgePull | undefined) =>
    pull && { state: pull.state, base: pull.base, head: pull.head }
  let id = 0
  const look = async (index: number, as = 'alice') =>
    facts(await bench.forge.pull({ id, owner: 'alice', name: 'pulls' }, index, as))

  it('tells of a pull request within one repository', async () => {
    id = (await bench.forge.createRepo('alice', 'pulls', { private: false, readme: true })).id
    assert.equal((await edit('alice', 'alice/pulls', 'one.txt', 'topic/one')).status, 302)
    const index = await open('alice', 'topic/one')
    const head = { owner: 'alice', name: 'pulls', branch: 'topic/one' }
    assert.deepEqual(await look(index), { state: 'open', base: 'main', head })
    assert.deepEqual(await look(index, 'bob'), { state: 'open', base: 'main', head })
    await bench.web.submit('alice', `/alice/pulls/issues/${index}/comments`, { status: 'close' })
    assert.deepEqual(await look(index), { state: 'closed', base: 'main', head: null })
  })

  it('tells of one from a fork of another name', async () => {
    const forked = await bench.web.submit('bob', `/repo/fork/${id}`, {
      user_id: String(bench.users.bob.id),
      repo_name: 'mine',
      description: '',
    })
    assert.deepEqual([forked.status, forked.location], [302, '/bob/mine'])
    assert.equal((await edit('bob', 'bob/mine', 'two.txt', 'gift')).status, 302)
    const index = await open('bob', 'bob:gift')
    const head = { owner: 'bob', name: 'mine', branch: 'gift' }
    assert.deepEqual(await look(index), { state: 'open', base: 'main', head })
    for (let tries = 0; tries < 100; tries++) {
      const merge = { merge_style: 'create_merge_commit' }
      if ((await bench.web.submit('alice', `/alice/pulls/pulls/${index}/merge`, merge)).status === 302) break
    }
    assert.deepEqual(await look(index), { state: 'merged', base: 'main', head: null })
  })

  it('tells when a branch is gone, and of nothing that is no pull request', async () => {
    assert.equal((await edit('alice', 'alice/pulls', 'three.txt', 'gone')).status, 302)
    const index = await open('alice', 'gone')
    await bench.web.submit('alice', '/alice/pulls/branches/delete/gone')
    assert.equal((await look(index))?.head, null)
    assert.equal(await look(99), undefined)
    const issue = await bench.web.submit('alice', '/alice/pulls/issues/new', { title: 'x', content: '' })
    assert.equal(await look(Number(issue.location?.split('/').at(-1))), undefined)
  })
}
