import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { groupOf, VERBS } from '../../src/core/action/verbs.ts'
import { canonicalUrl } from '../../src/core/canonical-url.ts'
import { parseStrictJson } from '../../src/core/strict-json.ts'
import type { ApiLook, ApiWish, Route } from '../../src/upstream/forge.ts'
import { gogsRoute } from '../../src/upstream/gogs/route.ts'
import { ROUTES } from '../../src/upstream/gogs/routes.ts'

const LOOK: ApiLook = {
  userId: async (name) => (name === 'bob' || name === 'carol' ? name.length : undefined),
  collaborates: async (name) => name === 'carol',
  file: async (path) => ({ branch: 'main', exists: path === 'docs/read me.md' }),
}

function routeOf(request: string): Route {
  const [method, target] = request.split(' ') as [string, string]
  const url = canonicalUrl(`/api/v1${target}`)
  if (!url.ok) return { kind: 'refused', refusal: url.error, verb: null }
  return gogsRoute(method, url.value.path, url.value.query)
}

async function wish(request: string, body?: object | string): Promise<ApiWish> {
  const route = routeOf(request)
  assert.equal(route.kind, 'api', request)
  assert.ok(route.kind === 'api')
  const json =
    body === undefined
      ? undefined
      : parseStrictJson(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
  assert.ok(!json || json.ok)
  const read = await route.read(json?.ok ? json.value : null, LOOK)
  if (!read.ok) throw new Error(read.error.say)
  return read.value
}

/** A change as people are shown it: verb and stated fields. */
async function change(request: string, body?: object): Promise<string> {
  const found = await wish(request, body)
  assert.ok(found.kind === 'change', request)
  const described = found.route.describe(found.form, { private: true })
  assert.ok(described.ok, described.ok ? '' : described.error.say)
  const { verb, where, stated } = described.value
  // What is sent is written anew from the fields, and says the same.
  found.route.write(described.value, { private: true })
  const place = where.repo ? `${where.repo.owner}/${where.repo.name}` : (where.org ?? '-')
  return [verb, place, ...stated.map(([key, value]) => `${key}=${value}`)].join(' ')
}

test('what rides on the token is forwarded with a body written anew', async () => {
  const cases: readonly [string, object | string | undefined, string, string | null][] = [
    ['GET /user', undefined, 'page.read', null],
    ['HEAD /repos/a/b/branches', undefined, 'page.read', null],
    ['POST /user/repos', ' {"private" : true,"name":"x"} ', 'repo.create', '{"name":"x","private":true}'],
    ['POST /org/acme/repos', { name: 'x' }, 'repo.create', '{"name":"x"}'],
    ['PUT /user/following/bob', undefined, 'user.follow', null],
    [
      'POST /repos/a/b/issues',
      { title: 'T', labels: [1, 2], closed: false },
      'issue.create',
      '{"title":"T","labels":[1,2],"closed":false}',
    ],
    ['POST /repos/a/b/issues', undefined, 'issue.create', '{}'],
    ['PATCH /repos/a/b/issues/1', { state: 'closed' }, 'issue.update', '{"state":"closed"}'],
    ['PATCH /repos/a/b/issues/1', { assignee: 'bob' }, 'issue.assignee.update', '{"assignee":"bob"}'],
    ['PATCH /repos/a/b/issues/1', { milestone: 3 }, 'issue.milestone.update', '{"milestone":3}'],
    ['PATCH /repos/a/b/milestones/2', { title: 'M' }, 'milestone.update', '{"title":"M"}'],
    ['DELETE /repos/a/b/labels/3', undefined, 'label.delete', null],
  ]
  for (const [request, body, verb, sent] of cases)
    assert.deepEqual(await wish(request, body), { kind: 'forward', verb, body: sent }, request)
})

test('a change of the interface is the change that the form of the pages says', async () => {
  const said: Record<string, string> = {
    'DELETE /repos/a/b': 'repo.delete a/b typed-name=b',
    'DELETE /repos/A/B': 'repo.delete a/b typed-name=b',
    'PUT /repos/a/b/collaborators/bob': 'repo.collaborator.add a/b person=bob',
    'DELETE /repos/a/b/collaborators/bob': 'repo.collaborator.remove a/b person-id=3',
    'DELETE /repos/a/b/hooks/7': 'repo.webhook.delete a/b hook=7',
    'DELETE /admin/users/bob': 'admin.user.delete - person-id=3',
  }
  for (const [request, expected] of Object.entries(said)) assert.equal(await change(request), expected)
  const put = (permission: string, name: string): Promise<string> =>
    change(`PUT /repos/a/b/collaborators/${name}`, { permission })
  assert.equal(await put('write', 'bob'), 'repo.collaborator.add a/b person=bob')
  assert.equal(await put('read', 'carol'), 'repo.collaborator.update a/b person-id=5 access=read')
  assert.equal(await put('admin', 'carol'), 'repo.collaborator.make-admin a/b person-id=5 access=admin')
  assert.equal(
    await change('POST /repos/a/b/hooks', {
      type: 'gogs',
      config: { url: 'https://ci.example.com/', content_type: 'json' },
      events: ['push', 'issue_comment'],
      active: true,
    }),
    'repo.webhook.create a/b kind=gogs payload-url=https://ci.example.com/ content-type=json events=chosen ' +
      'on-create=no on-delete=no on-fork=no on-push=yes on-issues=no on-issue-comment=yes on-pull-request=no on-release=no active=yes',
  )
  assert.match(
    await change('POST /repos/a/b/hooks', {
      type: 'slack',
      config: { url: 'https://chat.example.com/T/secret', content_type: 'json', channel: '#x' },
    }),
    /^repo\.webhook\.create a\/b kind=slack payload-url-digest=sha256:[0-9a-f]{64} channel=#x .*on-push=yes .*active=no$/,
  )
  assert.equal(
    await change('PATCH /repos/a/b/milestones/2', { state: 'closed' }),
    'milestone.status a/b state=closed milestone=2',
  )
  assert.equal(await change('POST /user/emails', { emails: ['a@x.org'] }), 'user.email.add - email=a@x.org')
  assert.equal(
    await change('DELETE /user/emails', { emails: ['a@x.org'] }),
    'user.email.delete - email=a@x.org',
  )
  assert.equal(await change('POST /user/orgs', { username: 'acme' }), 'org.create - name=acme')
  assert.match(
    await change('POST /admin/users', { username: 'eve', email: 'e@x.org', password: 'long' }),
    /^admin\.user\.create - login-type=0-0 name=eve email=e@x\.org password-digest=sha256:/,
  )
  assert.equal(
    await change('POST /admin/orgs/acme/teams', { name: 'core', permission: 'write' }),
    'org.team.create acme name=core permission=write',
  )
  assert.match(
    await change('POST /repos/migrate', {
      clone_addr: 'https://x.org/r.git',
      uid: 3,
      repo_name: 'r',
      private: true,
    }),
    /^repo\.migrate - from=https:\/\/x\.org\/r\.git owner-id=3 name=r private=yes/,
  )
})

test('a file of the contents address is one of the page’s editor', async () => {
  const content = Buffer.from('Grüße\n').toString('base64')
  const put = (path: string, more: object = {}): Promise<string> =>
    change(`PUT /repos/a/b/contents/${path}`, { message: 'Say hello', content, ...more })
  assert.match(
    await put('docs/new.md'),
    /^file\.create a\/b at=main\/docs path=docs\/new\.md content-digest=sha256:[0-9a-f]{64} commit-summary=Say hello commit-choice=direct$/,
  )
  assert.match(
    await put('new.md', { branch: 'main' }),
    /^file\.create a\/b at=main path=new\.md .*commit-choice=direct$/,
  )
  assert.match(
    await put('docs/read%20me.md', { branch: 'topic', message: 'One\n\nTwo\n\nThree' }),
    /^file\.edit a\/b at=main\/docs\/read me\.md path=docs\/read me\.md .*commit-summary=One commit-message=Two\n\nThree commit-choice=new-branch new-branch=topic$/,
  )
  for (const more of [
    { content: 'not base64' },
    { content: `${content}\n` },
    { content: Buffer.from([0xff]).toString('base64') },
    { content: Buffer.from('a\r\nb').toString('base64') },
    { message: '' },
    { message: 'a\nb' },
    { message: ' a' },
    { sha: 'x' },
  ])
    await assert.rejects(put('x', more), Error, JSON.stringify(more))
  // These the form's own fields refuse.
  for (const [path, more] of [
    ['x', { branch: '-x' }],
    ['x', { branch: 'a..b' }],
    ['.git/config', {}],
    ['a/.GIT/x', {}],
    ['x', { content: '' }],
    ['x', { message: 'x'.repeat(101) }],
  ] as const)
    await assert.rejects(put(path, more), Error, `${path} ${JSON.stringify(more)}`)
})

test('refused: what says more, less or something else than a form could', async () => {
  const bad: readonly [string, object | undefined][] = [
    ['POST /repos/a/b/issues', { title: 'T', repo: 'other' }],
    ['POST /repos/a/b/issues', { Title: 'T' }],
    ['POST /repos/a/b/issues', { title: 7 }],
    ['POST /repos/a/b/issues', { title: null }],
    ['POST /repos/a/b/issues', { labels: ['1'] }],
    ['POST /repos/a/b/issues', { labels: [-1] }],
    ['POST /repos/a/b/issues', { labels: Array.from({ length: 201 }, (_, i) => i) }],
    ['PATCH /repos/a/b/issues/1', { title: 'T', assignee: 'bob' }],
    ['PATCH /repos/a/b/milestones/2', { title: 'M', state: 'closed' }],
    ['PATCH /repos/a/b/milestones/2', { state: 'gone' }],
    ['PUT /user/following/bob', { x: 1 }],
    ['GET /user', {}],
    ['DELETE /repos/a/b', { really: true }],
    ['PUT /repos/a/b/collaborators/bob', { permission: 'owner' }],
    ['PUT /repos/a/b/collaborators/bob', { permission: 'toString' }],
    ['PUT /repos/a/b/collaborators/bob', { permission: 'admin' }],
    ['PUT /repos/a/b/collaborators/nobody', undefined],
    ['DELETE /repos/a/b/collaborators/nobody', undefined],
    ['POST /repos/a/b/hooks', { type: 'gogs', config: { url: 'https://x.org/', content_type: 'xml' } }],
    [
      'POST /repos/a/b/hooks',
      { type: 'constructor', config: { url: 'https://x.org/', content_type: 'json' } },
    ],
    [
      'POST /repos/a/b/hooks',
      { type: 'gogs', config: { url: 'https://x.org/', content_type: 'json', channel: 'x' } },
    ],
    [
      'POST /repos/a/b/hooks',
      { type: 'gogs', config: { url: 'https://x.org/', content_type: 'json' }, events: ['push', 'push'] },
    ],
    ['POST /user/emails', { emails: ['a@x.org', 'b@x.org'] }],
    ['POST /user/orgs', { username: 'acme', full_name: 'Acme' }],
    ['POST /admin/users', { username: 'eve', email: 'e@x.org', password: 'x', admin: true }],
  ]
  for (const [request, body] of bad)
    await assert.rejects(wish(request, body), Error, `${request} ${JSON.stringify(body)}`)
  // These are forms, and the form's own schema refuses them.
  const refusedByForm: readonly [string, object][] = [
    ['POST /admin/users', { username: 'eve', email: 'e@x.org' }],
    ['POST /repos/migrate', { clone_addr: '/etc', uid: 3, repo_name: 'r' }],
    ['POST /repos/migrate', { clone_addr: 'https://x.org/r.git', uid: 3, repo_name: 'r', mirror: true }],
    ['POST /repos/a/b/hooks', { type: 'gogs', config: { url: 'file:///x', content_type: 'json' } }],
  ]
  for (const [request, body] of refusedByForm) {
    const found = await wish(request, body)
    assert.ok(found.kind === 'change')
    assert.equal(found.route.describe(found.form).ok, false, request)
  }
})

describe('the query of a read', () => {
  test('has known names, each once, and is written anew', () => {
    const good: Record<string, string> = {
      'GET /repos/a/b/issues?page=2&state=closed': 'page=2&state=closed',
      'GET /users/search?q=a%20b&limit=5': 'q=a+b&limit=5',
      'GET /repos/a/b/contents/x?ref=main': 'ref=main',
      'GET /repos/a/b/commits?pageSize=100': 'pageSize=100',
    }
    for (const [request, query] of Object.entries(good)) {
      const route = routeOf(request)
      assert.ok(route.kind === 'api', request)
      assert.equal(route.query, query)
    }
    for (const request of [
      'GET /user?x=1',
      'GET /user?token=x',
      'GET /repos/a/b/issues?page=2&page=3',
      'GET /repos/a/b/issues?Page=2',
      'GET /repos/a/b/issues?page=-1',
      'GET /repos/a/b/commits?pageSize=101',
      'GET /repos/a/b/contents/x?ref=-x',
      'GET /repos/a/b/contents/x?ref=--output%3Dx',
      'GET /repos/a/b/contents/x?ref=a..b',
      'POST /repos/a/b/issues?title=x',
      'DELETE /repos/a/b?x=y',
    ])
      assert.equal(routeOf(request).kind, 'refused', request)
  })
})

test('no address reaches further by another spelling', () => {
  for (const request of [
    'GET /repos/a/b.git',
    'GET /repos/a/b.GIT/issues',
    'GET /repos/a/b.wiki',
    'GET /repos/a/../user/keys',
    'GET /repos/a/%2e%2e/keys',
    'GET /repos/-a/b',
    'GET /repos/a%2Fb/c',
    'GET //user',
    'GET /repos/a/b/raw/-x',
    'GET /repos/a/b/git/trees/main',
    'GET /Repos/a/b',
    'GET /USER',
    'TRACE /user',
    'POST /user',
    'PUT /repos/a/b',
    'PATCH /user',
  ])
    assert.equal(routeOf(request).kind, 'refused', request)
  assert.equal(gogsRoute('GET', '/API/v1/user', '').kind, 'refused')
})

test('every address has verbs that a token can be made for, and changes are none that ride', () => {
  for (const [method, path, fate] of ROUTES) {
    if (fate.kind !== 'api') continue
    for (const [verb] of fate.meanings) {
      assert.match(groupOf(verb), /^(?:read|ride)$/, `${method} ${path}: ${verb}`)
      // What is done to a repository has one in its address.
      if (VERBS[verb].on === 'repo') assert.match(path, /\/repos\/:owner\/:repo/, path)
    }
    for (const verb of fate.form?.verbs ?? [])
      assert.match(groupOf(verb), /^(?:change|critical)$/, `${method} ${path}: ${verb}`)
    if (method === 'GET') assert.equal(fate.form, null, path)
  }
})
