import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Bench } from './bench.ts'

/** Smart HTTP with a minted token. */
export function gitContract(bench: Bench): void {
  const repo = async (name: string): Promise<{ dir: string; url: string }> => {
    await bench.forge.createRepo('alice', name, { private: true, readme: false })
    return { dir: await bench.newClone(name), url: bench.url(`alice/${name}.git`) }
  }
  const rpc = async (service: string, body: Uint8Array, headers: Record<string, string> = {}) =>
    bench.web.ask(`/alice/app.git/git-${service}`, {
      method: 'POST',
      body,
      headers: {
        authorization: await bench.forge.gitAuthorization('alice'),
        'content-type': `application/x-git-${service}-request`,
        ...headers,
      },
    })

  it('advertises refs in protocol v0, whatever is asked for, in any case of the names', async () => {
    const headers = {
      authorization: await bench.forge.gitAuthorization('alice'),
      'git-protocol': 'version=2',
    }
    for (const service of ['upload-pack', 'receive-pack']) {
      const answer = await bench.web.ask(`/Alice/APP.git/info/refs?service=git-${service}`, { headers })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('content-type'), `application/x-git-${service}-advertisement`)
      assert.match(answer.headers.get('cache-control') ?? '', /no-cache/)
      assert.match(
        answer.text,
        new RegExp(`^00[0-9a-f]{2}# service=git-${service}\n0000[0-9a-f]{4}[0-9a-f]{40} `),
      )
      assert.equal(answer.cookie('i_like_gogs'), undefined)
    }
    const { text } = await bench.web.ask('/alice/app.git/info/refs?service=git-receive-pack', { headers })
    for (const word of [
      'report-status',
      'report-status-v2',
      'delete-refs',
      'side-band-64k',
      'atomic',
      'ofs-delta',
    ])
      assert.match(text, new RegExp(` ${word}`))
    assert.doesNotMatch(text, /push-cert|push-options/)
  })

  it('answers 404 for what is not there, 401 to the anonymous, 403 to those without right', async () => {
    const as = async (user: string, path: string) =>
      (await bench.web.ask(path, { headers: { authorization: await bench.forge.gitAuthorization(user) } }))
        .status
    assert.equal(await as('alice', '/alice/nope.git/info/refs?service=git-upload-pack'), 404)
    assert.equal(await as('alice', '/nobody/app.git/info/refs?service=git-upload-pack'), 404)
    assert.equal(await as('alice', '/alice/app.wiki.git/info/refs?service=git-upload-pack'), 404)
    assert.equal(await as('bob', '/alice/app.git/info/refs?service=git-upload-pack'), 403)
    assert.equal(await as('countersign', '/alice/app.git/info/refs?service=git-upload-pack'), 403)
    assert.equal((await bench.web.ask('/alice/app.git/info/refs?service=git-upload-pack')).status, 401)
  })

  it('takes the exact content type only, and a probe with nothing in it', async () => {
    const flush = Buffer.from('0000')
    const probe = await rpc('receive-pack', flush)
    assert.deepEqual(
      [probe.status, probe.headers.get('content-type'), probe.bytes.length],
      [200, 'application/x-git-receive-pack-result', 0],
    )
    assert.equal((await rpc('receive-pack', flush, { 'content-type': 'text/plain' })).status, 401)
    assert.equal((await rpc('receive-pack', gzipSync(flush), { 'content-encoding': 'gzip' })).status, 200)
    assert.equal((await rpc('receive-pack', flush, { 'content-encoding': 'gzip' })).status, 500)
    assert.equal((await rpc('receive-pack', Buffer.from('zzzz'))).status, 500)
  })

  it('clones, pushes, tags, deletes; refs give an annotated tag by its own id', async () => {
    const { dir, url } = await repo('life')
    assert.equal(
      (await bench.gitAs('alice', dir, 'push', url, 'HEAD:refs/heads/main', 'HEAD:refs/heads/topic')).code,
      0,
    )
    await bench.git(dir, 'tag', '-a', 'v1', '-m', 'one')
    assert.equal((await bench.gitAs('alice', dir, 'push', url, 'v1')).code, 0)
    const [head, tag] = [
      (await bench.git(dir, 'rev-parse', 'HEAD')).out,
      (await bench.git(dir, 'rev-parse', 'v1')).out,
    ]
    assert.deepEqual(await bench.refs('alice/life'), {
      'refs/heads/main': head,
      'refs/heads/topic': head,
      'refs/tags/v1': tag,
    })
    assert.equal((await bench.gitAs('alice', dir, 'push', url, '--delete', 'topic', 'v1')).code, 0)
    assert.deepEqual(await bench.refs('alice/life'), { 'refs/heads/main': head })
    assert.equal((await bench.gitAs('alice', bench.scratch, 'clone', '-q', url, 'life-again')).code, 0)
    assert.equal((await bench.git(join(bench.scratch, 'life-again'), 'rev-parse', 'HEAD')).out, head)
  })

  it('carries out an atomic push as a whole or not at all', async () => {
    const { dir, url } = await repo('atomic')
    await bench.gitAs('alice', dir, 'push', url, 'HEAD:refs/heads/main')
    const before = await bench.refs('alice/atomic')
    await bench.git(dir, 'commit', '-q', '--amend', '--allow-empty', '-m', 'rewritten')
    const refused = await bench.gitAs(
      'alice',
      dir,
      'push',
      '--atomic',
      url,
      'HEAD:refs/heads/fresh',
      'HEAD:refs/heads/main',
    )
    assert.notEqual(refused.code, 0)
    assert.deepEqual(await bench.refs('alice/atomic'), before)
    assert.equal(
      (
        await bench.gitAs(
          'alice',
          dir,
          'push',
          '--atomic',
          url,
          'HEAD:refs/heads/fresh',
          '+HEAD:refs/heads/main',
        )
      ).code,
      0,
    )
    assert.equal(Object.keys(await bench.refs('alice/atomic')).length, 2)
  })

  it('takes a hundred refs in one push, and a fetch that git compresses', async () => {
    const { dir, url } = await repo('many')
    const commits = Array.from(
      { length: 40 },
      (_, i) => `commit refs/heads/b${i}\ncommitter A <a@example.com> ${1000 + i} +0000\ndata 1\nx\n`,
    ).join('\n')
    writeFileSync(join(dir, 'stream'), commits)
    assert.equal(
      (await bench.git(dir, '-c', 'alias.import=!git fast-import --quiet < stream', 'import')).code,
      0,
    )
    const head = (await bench.git(dir, 'rev-parse', 'HEAD')).out
    const lines = Array.from({ length: 80 }, (_, i) => `create refs/heads/n${i} ${head}\n`).join('')
    writeFileSync(join(dir, 'stream'), lines)
    assert.equal((await bench.git(dir, '-c', 'alias.make=!git update-ref --stdin < stream', 'make')).code, 0)
    assert.equal((await bench.gitAs('alice', dir, 'push', '-q', url, 'refs/heads/*')).code, 0)
    assert.equal(Object.keys(await bench.refs('alice/many')).length, 121)
    // Forty wants make a request of more than 1024 bytes, which git sends gzipped.
    assert.equal(
      (await bench.gitAs('alice', bench.scratch, 'clone', '-q', '--mirror', url, 'many-again')).code,
      0,
    )
    assert.equal(
      (await bench.git(join(bench.scratch, 'many-again'), 'for-each-ref')).out.split('\n').length,
      121,
    )
  })

  it('serves a shallow clone, and takes a push from it', async () => {
    const { dir, url } = await repo('shallow')
    for (const name of ['two', 'three']) await bench.git(dir, 'commit', '-q', '--allow-empty', '-m', name)
    await bench.gitAs('alice', dir, 'push', url, 'HEAD:refs/heads/main')
    assert.equal(
      (
        await bench.gitAs(
          'alice',
          bench.scratch,
          'clone',
          '-q',
          '--depth',
          '1',
          '--branch',
          'main',
          url,
          'shallow-again',
        )
      ).code,
      0,
    )
    const again = join(bench.scratch, 'shallow-again')
    assert.equal((await bench.git(again, 'rev-list', '--count', 'HEAD')).out, '1')
    await bench.git(again, 'commit', '-q', '--allow-empty', '-m', 'four')
    assert.equal((await bench.gitAs('alice', again, 'push', '-q', url, 'HEAD:main')).code, 0)
    assert.equal(
      (await bench.refs('alice/shallow'))['refs/heads/main'],
      (await bench.git(again, 'rev-parse', 'HEAD')).out,
    )
  })

  it('moves a few megabytes both ways', async () => {
    const { dir, url } = await repo('large')
    const bytes = randomBytes(6 * 1024 * 1024)
    writeFileSync(join(dir, 'blob'), bytes)
    await bench.git(dir, 'add', 'blob')
    await bench.git(dir, 'commit', '-q', '-m', 'large')
    assert.equal((await bench.gitAs('alice', dir, 'push', '-q', url, 'HEAD:refs/heads/main')).code, 0)
    assert.equal(
      (await bench.gitAs('alice', bench.scratch, 'clone', '-q', '--branch', 'main', url, 'large-again')).code,
      0,
    )
    assert.equal(
      (await bench.git(join(bench.scratch, 'large-again'), 'rev-parse', 'HEAD:blob')).out,
      (await bench.git(dir, 'rev-parse', 'HEAD:blob')).out,
    )
  })

  it('refuses a push of those who may only read, and git ends with 128', async () => {
    const { dir, url } = await repo('guarded')
    await bench.gitAs('alice', dir, 'push', url, 'HEAD:refs/heads/main')
    const before = await bench.refs('alice/guarded')
    const refused = await bench.gitAs('bob', dir, 'push', url, 'HEAD:refs/heads/bob')
    assert.equal(refused.code, 128)
    assert.deepEqual(await bench.refs('alice/guarded'), before)
  })

  it('moves one ref by a pack of ours, compares the old value, and says what it thinks', async () => {
    const { dir, url } = await repo('ours')
    await bench.gitAs('alice', dir, 'push', url, 'HEAD:refs/heads/main')
    const at = (await bench.forge.repo('alice', 'ours', 'alice'))!
    const { 'refs/heads/main': before } = await bench.refs('alice/ours')
    await bench.git(dir, 'commit', '-q', '--allow-empty', '-m', 'two')
    const after = (await bench.git(dir, 'rev-parse', 'HEAD')).out.trim()
    await bench.git(dir, 'bundle', 'create', '-q', '--version=2', 'two.bundle', `${before}..HEAD`)
    const bundle = readFileSync(join(dir, 'two.bundle'))
    const pack = () => Readable.from([bundle.subarray(bundle.indexOf('PACK'))])
    const push = (user: string, from: string, part: 'code' | 'wiki' = 'code') =>
      bench.forge.push(user, at, part, { before: from, after, ref: 'refs/heads/main' }, pack)
    assert.equal((await push('bob', before!)).moved, false)
    assert.deepEqual(await push('alice', before!), { status: 200, moved: true, said: null })
    assert.equal((await bench.refs('alice/ours'))['refs/heads/main'], after)
    const again = await push('alice', before!)
    assert.equal(again.moved, false)
    assert.ok(again.said)
    assert.deepEqual(await bench.refs('alice/ours'), { 'refs/heads/main': after })
    // Of a wiki that is not there only what begins it makes the repository.
    assert.equal((await push('alice', before!, 'wiki')).status, 404)
    assert.equal(await bench.forge.refs(at, 'wiki', 'alice'), undefined)
  })

  it('makes the repository of a wiki for the push that begins it', async () => {
    const { dir } = await repo('paged')
    const at = (await bench.forge.repo('alice', 'paged', 'alice'))!
    assert.equal(await bench.forge.commits.hasWiki(at, 'alice'), true)
    assert.equal(await bench.forge.commits.hasWiki(at, 'bob'), false)
    const after = (await bench.git(dir, 'rev-parse', 'HEAD')).out.trim()
    await bench.git(dir, 'bundle', 'create', '-q', '--version=2', 'one.bundle', 'HEAD')
    const bundle = readFileSync(join(dir, 'one.bundle'))
    const pack = () => Readable.from([bundle.subarray(bundle.indexOf('PACK'))])
    const update = { before: '0'.repeat(40), after, ref: 'refs/heads/master' }
    assert.equal((await bench.forge.push('bob', at, 'wiki', update, pack)).moved, false)
    assert.equal(await bench.forge.refs(at, 'wiki', 'alice'), undefined)
    assert.equal((await bench.forge.push('alice', at, 'wiki', update, pack)).moved, true)
    assert.deepEqual([...(await bench.forge.refs(at, 'wiki', 'alice'))!], [['refs/heads/master', after]])
  })

  it('keeps the wiki beside the code, under the same rights', async () => {
    const at = (await bench.forge.repo('alice', 'app', 'alice'))!
    assert.equal(await bench.forge.refs(at, 'wiki', 'alice'), undefined)
    assert.equal(
      (await bench.web.submit('alice', '/alice/app/wiki/_new', { title: 'Home', content: 'x', message: '' }))
        .status,
      302,
    )
    assert.deepEqual([...(await bench.forge.refs(at, 'wiki', 'alice'))!.keys()], ['refs/heads/master'])
    assert.equal(
      (await bench.gitAs('alice', bench.scratch, 'clone', '-q', bench.url('alice/app.wiki.git'), 'wiki'))
        .code,
      0,
    )
    await bench.git(join(bench.scratch, 'wiki'), 'commit', '-q', '--allow-empty', '-m', 'more')
    assert.equal(
      (await bench.gitAs('alice', join(bench.scratch, 'wiki'), 'push', '-q', 'origin', 'HEAD:master')).code,
      0,
    )
    assert.equal(
      (await bench.gitAs('bob', bench.scratch, 'ls-remote', bench.url('alice/app.wiki.git'))).code,
      128,
    )
  })

  it('reads the refs of an empty repository, and of one that is not there', async () => {
    await bench.forge.createRepo('alice', 'empty', { private: true, readme: false })
    assert.deepEqual(await bench.refs('alice/empty'), {})
    assert.equal(await bench.forge.refs({ id: 0, owner: 'alice', name: 'nope' }, 'code', 'alice'), undefined)
  })

  it('reads the refs as the owner when the pusher may no longer', async () => {
    const refs = await bench.forge.refs({ id: 0, owner: 'alice', name: 'app' }, 'code', 'bob')
    assert.deepEqual([...(refs ?? new Map()).keys()], ['refs/heads/main'])
    assert.deepEqual(await bench.forge.refs({ id: 0, owner: 'alice', name: 'app' }, 'code', 'nobody'), refs)
  })
}
