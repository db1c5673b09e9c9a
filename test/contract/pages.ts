import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Bench } from './bench.ts'

/** What passes through the gateway as a page: reading, a new repository, issues and comments. */
export function pageContract(bench: Bench): void {
  it('serves the pages of a repository to those who may read it', async () => {
    const pages = [
      '/',
      '/alice',
      '/alice/app',
      '/alice/app.git',
      '/ALICE/App',
      '/alice/app/issues',
      '/alice/app/issues/new',
      '/alice/app/pulls',
      '/alice/app/branches',
      '/alice/app/commits/main',
      '/alice/app/src/main/README.md',
      '/alice/app/wiki',
      '/alice/app/settings',
      '/repo/create',
      '/explore/repos',
      '/explore/users',
    ]
    for (const path of pages) {
      const answer = await bench.web.ask(path, { as: 'alice' })
      assert.deepEqual([path, answer.status], [path, 200])
      assert.match(answer.headers.get('content-type') ?? '', /^text\/html/)
    }
    for (const path of ['/nobody', '/alice/nope', '/alice/app/issues/999', '/alice/app/src/nope']) {
      assert.deepEqual([path, (await bench.web.ask(path, { as: 'alice' })).status], [path, 404])
    }
    assert.match(
      (await bench.web.ask('/alice/app', { as: 'alice' })).text,
      /http:\/\/forge\.example:8080\/alice\/app\.git/,
    )
  })

  it('serves a raw file as plain text that is not sniffed', async () => {
    const raw = await bench.web.ask('/alice/app/raw/main/README.md', { as: 'alice' })
    assert.deepEqual(
      [raw.status, raw.text.trim(), raw.headers.get('x-content-type-options')],
      [200, '# app', 'nosniff'],
    )
    assert.match(raw.headers.get('content-type') ?? '', /^text\/plain/)
  })

  it('creates a repository from its form', async () => {
    const form = {
      user_id: String(bench.users.alice.id),
      repo_name: 'web',
      private: 'on',
      auto_init: 'on',
      readme: 'Default',
    }
    const made = await bench.web.submit('alice', '/repo/create', form)
    assert.deepEqual([made.status, made.location], [302, '/alice/web'])
    assert.deepEqual(Object.keys(await bench.refs('alice/web')), ['refs/heads/main'])
    assert.equal((await bench.web.submit('alice', '/repo/create', { ...form, repo_name: 'a b' })).status, 400)
    assert.equal(
      (await bench.web.submit('bob', '/repo/create', { ...form, repo_name: 'stolen' })).status,
      403,
    )
    assert.equal((await bench.web.submit('alice', '/repo/create', form)).status, 500)
  })

  it('creates issues and comments, and changes them', async () => {
    const made = await bench.web.submit('alice', '/alice/app/issues/new', { title: 'First', content: 'text' })
    assert.equal(made.status, 302)
    const issue = made.location!
    assert.match(issue, /^\/alice\/app\/issues\/[0-9]+$/)
    const commented = await bench.web.submit('alice', `${issue}/comments`, { content: 'said' })
    const [, comment] = /#issuecomment-([0-9]+)$/.exec(commented.location ?? '') ?? []
    assert.equal(commented.status, 302)
    assert.match((await bench.web.ask(issue, { as: 'alice' })).text, /said/)
    const edited = await bench.web.submit('alice', `/alice/app/comments/${comment}`, { content: 'unsaid' })
    assert.equal(edited.status, 200)
    assert.match((await bench.web.ask(issue, { as: 'alice' })).text, /unsaid/)
    assert.equal((await bench.web.submit('alice', `/alice/app/comments/${comment}/delete`)).status, 200)
    assert.doesNotMatch((await bench.web.ask(issue, { as: 'alice' })).text, /unsaid/)
    const title = await bench.web.submit('alice', `${issue}/title`, { title: 'Second' })
    assert.deepEqual([title.status, JSON.parse(title.text)], [200, { title: 'Second' }])
    assert.equal((await bench.web.submit('alice', `${issue}/content`, { content: 'other' })).status, 200)
    assert.equal(
      (await bench.web.submit('alice', `${issue}/assignee`, { id: String(bench.users.alice.id) })).status,
      200,
    )
    assert.equal(
      (await bench.web.submit('alice', `${issue}/comments`, { content: '', status: 'close' })).location,
      issue,
    )
    assert.equal((await bench.web.submit('alice', '/alice/app/issues/new', { title: '' })).status, 400)
  })

  it('shows what people write as text', async () => {
    const script = '<script>alert("written")</script>'
    const made = await bench.web.submit('alice', '/alice/app/issues/new', { title: script, content: script })
    for (const path of [made.location!, '/alice/app/issues']) {
      assert.doesNotMatch((await bench.web.ask(path, { as: 'alice' })).text, /<script>alert\("written/)
    }
  })

  it('lets nobody write where they may not read', async () => {
    assert.equal((await bench.web.submit('bob', '/alice/app/issues/new', { title: 'x' })).status, 404)
    assert.equal(
      (await bench.web.submit('bob', '/alice/app/issues/1/comments', { content: 'x' })).status,
      404,
    )
  })
}
