import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { groupOf } from '../../core/action/verbs.ts'
import { gogsRoute } from './route.ts'
import { ROUTES } from './routes.ts'

/** The route in one line. */
function fate(request: string): string {
  const [method, target] = request.split(' ') as [string, string]
  const [path, query = ''] = target.split('?') as [string, string?]
  const route = gogsRoute(method, path, query)
  switch (route.kind) {
    case 'page':
      return `${route.verb} ${place(route)}${route.secret ? ' secret' : ''}`
    case 'change':
      return `change ${route.verbs.join(' ')} ${place(route)}`
    case 'api':
      return `api ${[...new Set(route.verbs)].join(' ')} ${place({ ...route, org: null })}`
    case 'git':
      return `${route.service} ${route.step} ${route.owner}/${route.name} ${route.part}`
    case 'lfs':
      return route.step === 'none' ? 'lfs none' : `lfs ${route.step} ${route.owner}/${route.name}`
    case 'refused':
      return route.refusal.reason
    case 'ours':
      return route.page
    case 'asset':
      return 'asset'
  }
}

function place({ repo, org }: { repo: { owner: string; name: string } | null; org: string | null }): string {
  return repo ? `${repo.owner}/${repo.name}` : (org ?? '-')
}

function each(rows: Record<string, string>): void {
  for (const [request, expected] of Object.entries(rows)) assert.equal(fate(request), expected, request)
}

test('pages pass as reads, of a repository where there is one', () => {
  each({
    'GET /': 'page.read -',
    'HEAD /': 'page.read -',
    'GET /explore/repos?q=x&page=2': 'page.read -',
    'GET /issues?type=assigned': 'page.read -',
    'GET /alice': 'page.read -',
    'GET /alice/followers': 'page.read -',
    'GET /alice/stars': 'page.read -',
    'GET /org/Acme/teams/owners': 'page.read acme',
    'GET /Alice/App': 'page.read alice/app',
    'GET /alice/app.git': 'page.read alice/app',
    'GET /alice/action/issues': 'page.read alice/action',
    'GET /alice/followers/issues': 'page.read alice/followers',
    'GET /alice/app/src/main/-odd/%C3%A9': 'page.read alice/app',
    'GET /alice/app/raw/main/a.txt': 'page.read alice/app',
    'GET /alice/app/commit/0123456': 'page.read alice/app',
    'GET /alice/app/commit/0123456.patch': 'page.read alice/app',
    'GET /alice/app/compare/main...bob:topic/x': 'page.read alice/app',
    'GET /alice/app/issues/12?x=y': 'page.read alice/app',
    'GET /alice/app/pulls/12/files': 'page.read alice/app',
    'GET /alice/app/wiki/Home': 'page.read alice/app',
    'GET /alice/app/stars': 'page.read alice/app',
    'GET /alice/app/settings/collaboration': 'page.read alice/app',
  })
})

test('what rides on the session passes, without a query', () => {
  each({
    'POST /repo/create': 'repo.create -',
    'POST /repo/fork/1': 'repo.fork -',
    'POST /issues/attachments': 'issue.attachment.upload -',
    'POST /alice/app/issues/new': 'issue.create alice/app',
    'POST /alice/app/issues/3/comments': 'issue.comment.create alice/app',
    'POST /alice/app/issues/3/title': 'issue.update alice/app',
    'POST /alice/app/comments/3': 'issue.comment.update alice/app',
    'POST /alice/app/comments/3/delete': 'issue.comment.delete alice/app',
    'POST /alice/app/labels/delete': 'label.delete alice/app',
    'POST /alice/app/compare/main...topic': 'pr.create alice/app',
    'POST /org/acme/settings/avatar': 'org.avatar.update acme',
    'POST /repo/create?user_id=1': 'bad-request',
    'POST /alice/app/issues/new?title=x': 'bad-request',
    'POST /a/b/_preview/main/x': 'not-allowed-yet',
    'PUT /alice/app/issues/new': 'unknown-action',
    'POST /alice/app/issues/x/comments': 'unknown-action',
    'POST /alice/app/issues/3/Title': 'unknown-action',
  })
})

test('a form may say where to go back to, on this site only', () => {
  each({
    'POST /alice/action/follow': 'user.follow -',
    'POST /alice/action/follow?redirect_to=/alice': 'user.follow -',
    'POST /alice/app/action/unstar?redirect_to=/alice/app': 'repo.unstar alice/app',
    'POST /alice/app/action/watch?redirect_to=%2Falice%2Fapp': 'repo.watch alice/app',
    'POST /alice/app/action/watch?redirect_to=/': 'repo.watch alice/app',
    'POST /alice/app/action/desc': 'unknown-action',
  })
  for (const to of [
    '//evil.example',
    '/%2Fevil.example',
    '%2F%2Fevil.example',
    '/\\evil.example',
    '/%5Cevil.example',
    'https://evil.example',
    '/a/b&desc=x',
    '/a%3Fb',
    '',
    `${'/a'.repeat(4000)}!`,
  ])
    assert.equal(fate(`POST /alice/app/action/star?redirect_to=${to}`), 'bad-request', to)
})

test('what changes refs, permissions or what leaves the house is a change, with its query', () => {
  each({
    'POST /a/b/_edit/main/x': 'change file.edit a/b',
    'POST /a/b.git/_new/main': 'change file.create a/b',
    'POST /A/B/pulls/1/merge': 'change pr.merge a/b',
    'POST /a/b/branches/delete/topic/x?commit=0&redirect_to=x': 'change branch.delete a/b',
    'POST /a/b/settings/collaboration': 'change repo.collaborator.add a/b',
    'POST /a/b/settings/collaboration/access_mode':
      'change repo.collaborator.update repo.collaborator.make-admin a/b',
    'POST /a/b/settings/branches/default_branch': 'change branch.default.update a/b',
    'POST /a/b/settings/branches/main': 'change branch.protection.update a/b',
    'POST /a/b/settings/hooks/slack/7': 'change repo.webhook.update a/b',
    'POST /org/Acme/settings/hooks/gogs/new': 'change org.webhook.create acme',
    'POST /org/acme/teams/owners/action/add': 'change org.team.member.add acme',
    'POST /org/acme/teams/owners/action/other': 'unknown-action',
    'POST /org/acme/members/action/other': 'unknown-action',
    'POST /a/b/settings/hooks/other/new': 'unknown-action',
    'POST /admin/users/3/delete': 'change admin.user.delete -',
    'POST /user/settings/email': 'change user.email.make-primary user.email.add -',
  })
})

test('a GET that changes something is a change, and so is its HEAD', () => {
  each({
    'GET /a/b/milestones/1/close': 'change milestone.status a/b',
    'HEAD /a/b/milestones/1/open': 'change milestone.status a/b',
    'GET /a/b/milestones/1/other': 'unknown-action',
    'POST /a/b/milestones/1/close': 'unknown-action',
    'GET /admin/notices/empty': 'change admin.notice.empty -',
    'HEAD /admin/notices/empty': 'change admin.notice.empty -',
  })
})

test('a page that shows secrets says so', () => {
  each({
    'GET /a/b/settings': 'repo.settings.read a/b secret',
    'HEAD /a/b/settings/hooks': 'repo.webhook.read a/b secret',
    'GET /a/b/settings/hooks/1': 'repo.webhook.read a/b secret',
    'GET /a/b/settings/hooks/gogs/new': 'page.read a/b',
    'GET /org/acme/settings/hooks/1': 'org.webhook.read acme secret',
    'GET /admin/config': 'admin.config.read - secret',
    'GET /admin/auths/1': 'admin.auth-source.read - secret',
  })
})

test('git has one spelling', () => {
  each({
    'GET /Alice/App.git/info/refs?service=git-upload-pack': 'git-upload-pack advertise alice/app code',
    'GET /alice/app.git/info/refs?service=git-receive-pack': 'git-receive-pack advertise alice/app code',
    'GET /alice/app.wiki.git/info/refs?service=git-upload-pack': 'git-upload-pack advertise alice/app wiki',
    'POST /alice/app.git/git-upload-pack': 'git-upload-pack rpc alice/app code',
    'POST /alice/app.git/git-receive-pack': 'git-receive-pack rpc alice/app code',
    'POST /alice/app.wiki.git/git-receive-pack': 'git-receive-pack rpc alice/app wiki',
    'HEAD /alice/app.git/info/refs?service=git-upload-pack': 'unknown-action',
    'GET /alice/app.git/info/refs?service=git-upload-pack&x=1': 'unknown-action',
    'GET /alice/app.git/info/refs?service=git-upload-archive': 'unknown-action',
    'GET /alice/app.git/info/refs': 'not-allowed-yet',
    'GET /alice/app/info/refs?service=git-upload-pack': 'unknown-action',
    'POST /alice/app.git/git-receive-pack?x': 'unknown-action',
    'GET /alice/app.git/git-receive-pack': 'unknown-action',
    'POST /alice/app.git/Git-Receive-Pack': 'unknown-action',
    'POST /alice/app.GIT/git-receive-pack': 'unknown-action',
    'POST /alice/app.wiki.wiki.git/git-receive-pack': 'unknown-action',
    'POST /alice/app.git.git/git-receive-pack': 'unknown-action',
    'POST /admin/app.git/git-receive-pack': 'unknown-action',
    'POST /alice/app.git/git-upload-archive': 'unknown-action',
    'GET /alice/app.git/HEAD': 'not-allowed-yet',
    'GET /alice/app.git/objects/info/packs': 'not-allowed-yet',
  })
})

test('sign-in and sign-out are ours', () => {
  each({
    'GET /user/login?redirect_to=//evil': 'sign-in',
    'POST /user/login/two_factor': 'sign-in',
    'POST /user/sign_up': 'sign-in',
    'GET /user/reset_password?code=x': 'sign-in',
    'POST /user/forget_password': 'sign-in',
    'GET /user/activate?code=x': 'sign-in',
    'POST /user/logout': 'sign-out',
    'GET /user/logout': 'sign-out',
  })
})

test('large files have four addresses, and everything beside them is nothing', () => {
  const oid = 'ab'.repeat(32)
  each({
    'POST /A/b.git/info/lfs/objects/batch': 'lfs batch a/b',
    'POST /a/b/info/lfs/objects/batch': 'lfs batch a/b',
    [`PUT /a/b.git/info/lfs/objects/basic/${oid}`]: 'lfs upload a/b',
    [`GET /a/b.git/info/lfs/objects/basic/${oid}`]: 'lfs download a/b',
    'POST /a/b.git/info/lfs/objects/basic/verify': 'lfs verify a/b',
  })
  for (const request of [
    'GET /a/b.git/info/lfs',
    'GET /a/b.git/info/lfs/objects/batch',
    'POST /a/b.git/info/lfs/objects/batch?x=y',
    'POST /a/b.wiki.git/info/lfs/objects/batch',
    'POST /user/b.git/info/lfs/objects/batch/x',
    'PUT /a/b/info/lfs/objects/basic/0',
    `PUT /a/b/info/lfs/objects/basic/${oid.toUpperCase()}`,
    `PUT /a/b/info/lfs/objects/basic/${oid}/x`,
    `DELETE /a/b/info/lfs/objects/basic/${oid}`,
    'GET /a/b.git/info/lfs/locks',
    'POST /a/b.git/info/lfs/locks/verify',
  ])
    assert.match(fate(request), /^(?:lfs none|unknown-action)$/, request)
})

test('what is refused to everybody is refused by name', () => {
  const requests = [
    'GET /api/v1/users/a/tokens',
    'POST /api/v1/users/a/tokens',
    'GET /api/v1/user/keys',
    'GET /api/v1/users/a/keys',
    'GET /api/v1/repos/a/b/keys/7',
    'GET /api/v1/repos/a/b/hooks',
    'POST /api/v1/admin/users/a/keys',
    'OPTIONS /api/v1/user',
    'GET /api/v2/user',
    'DELETE /api/v1/nothing/such',
    'GET /a/b/tasks/trigger?branch=main',
    'GET /user/settings/applications',
    'GET /user/settings/security/two_factor_enable',
    'POST /user/settings/password',
    'POST /user/settings/ssh',
    'POST /a/b/settings/hooks/git/pre-receive',
    'GET /a/b/settings/hooks/git',
    'POST /a/b/settings/keys',
    'POST /admin/auths/1',
    'GET /admin/auths/new',
    'GET /healthcheck',
    'GET /debug/pprof/heap',
    'GET /-/metrics',
  ]
  for (const request of requests) assert.equal(fate(request), 'not-allowed-yet', request)
})

test('what is not in the table is unknown', () => {
  for (const request of [
    'GET /a/b/c',
    'DELETE /a/b',
    'PUT /a/b',
    'OPTIONS /a/b',
    'PROPFIND /',
    'GET /user/other',
    'GET /admin/other',
    'POST /css/x',
    'GET /css',
    'GET /explore/other',
    'get /',
  ]) {
    assert.equal(fate(request), 'unknown-action', request)
  }
})

test('names and refs that could read as something else are refused', () => {
  for (const request of [
    'GET /-a/b',
    'GET /a/-b',
    'GET /a%20b/c',
    'GET /a/b%C3%A9',
    'GET /a/b.wiki',
    'GET /a/b.git.git',
    'GET /EXPLORE',
    'GET /Admin/x',
    'GET /template/x',
    'GET /org/-x/teams',
    'GET /org/admin/teams',
    'POST /org/a%20b/settings',
  ]) {
    assert.equal(fate(request), 'unknown-action', request)
  }
  for (const request of [
    'GET /a/b/src/-x',
    'GET /a/b/commits/--output=x',
    'GET /a/b/archive/-x.zip',
    'GET /a/b/compare/-x...main',
    'GET /a/b/compare/main...-x',
    'GET /a/b/compare/main...a:-x',
    'GET /a/b/compare/main',
    'GET /a/b/compare/main..x...y',
    'GET /a/b/compare/main...x%7E1',
    'GET /a/b/compare/%FF...x',
  ]) {
    assert.equal(fate(request), 'bad-request', request)
  }
  assert.equal(fate('GET /a/b/settings/branches/-x'), 'unknown-action')
})

test('static files are nobody’s', () => {
  each({
    'GET /css/gogs.css?v=1': 'asset',
    'HEAD /img/favicon.png': 'asset',
    'GET /avatars/1': 'asset',
    'GET /robots.txt': 'asset',
  })
})

test('only pages of no repository pass without one', () => {
  for (const [method, path, target] of ROUTES) {
    if (!path.startsWith('/:owner/:repo') || target.kind !== 'page') continue
    const filled = path
      .replace(/:(?:index|id)/g, '7')
      .replace(':sha', '0123456')
      .replace('compare/*', 'compare/a...b')
      .replace('*', 'main')
      .replace(/:/g, 'x')
    const is = target.verb
    for (const owner of ['user', 'api', 'releases', '-'])
      assert.equal(fate(`${method} ${filled.replace('xowner', owner)}`).startsWith(is), false, filled)
    for (const repo of ['action', 'followers', 'settings', 'new', 'admin']) {
      if (path === '/:owner/:repo' && repo === 'followers') continue
      const came = fate(`${method} ${filled.replace('xrepo', repo)}`)
      assert.equal(came.replace(/ secret$/, ''), `${is} xowner/${repo}`, filled)
    }
  }
})

test('nothing that changes state passes but by a line that names it', () => {
  for (const [method, path, target] of ROUTES) {
    if (target.kind === 'asset') assert.equal(method, 'GET', path)
    if (target.kind !== 'page') continue
    assert.ok(method === 'GET' || method === 'POST', path)
    const group = groupOf(target.verb)
    assert.equal(target.secret, group === 'secret-read', path)
    if (target.verb === 'page.read' || target.secret) assert.equal(method, 'GET', path)
    else assert.ok(method === 'POST' && group === 'ride', path)
  }
})

test('a change has verbs that a session never satisfies', () => {
  for (const [, path, target] of ROUTES) {
    if (target.kind !== 'change') continue
    for (const { verbs, refused } of target.schemas)
      for (const verb of verbs)
        assert.match(groupOf(verb), refused ? /^never$/ : /^(?:change|critical)$/, `${path}: ${verb}`)
  }
})

const word = fc.constantFrom(
  'alice',
  'app',
  'app.git',
  'info',
  'refs',
  'git-receive-pack',
  'settings',
  'issues',
  '1',
  'new',
  '-x',
  'api',
  'admin',
  '..',
  '%FF',
  'é',
  '_edit',
  '',
)

test('any request line has a route; unsafe ones pass for three reasons only', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'x'),
      fc.array(fc.oneof(word, fc.string()), { maxLength: 7 }),
      fc.string(),
      (method, words, query) => {
        const route = gogsRoute(method, `/${words.join('/')}`, query)
        if (route.kind === 'page') {
          if (method !== 'GET' && method !== 'HEAD')
            assert.ok(method === 'POST' && route.verb !== 'page.read' && query === '')
          else assert.match(groupOf(route.verb), /read$/)
          if (route.repo)
            for (const name of [route.repo.owner, route.repo.name])
              assert.match(name, /^[a-z0-9_.][a-z0-9_.-]*$/)
        }
        if (route.kind === 'git')
          assert.match(`${route.owner}/${route.name}`, /^[a-z0-9_.][a-z0-9_.-]*\/[a-z0-9_.][a-z0-9_.-]*$/)
      },
    ),
    { numRuns: 2000 },
  )
})
