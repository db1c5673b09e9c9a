import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { gogsRoute } from './route.ts'
import { ROUTES } from './routes.ts'

/** The route in one line. */
function fate(request: string): string {
  const [method, target] = request.split(' ') as [string, string]
  const [path, query = ''] = target.split('?') as [string, string?]
  const route = gogsRoute(method, path, query)
  switch (route.kind) {
    case 'page':
      return `${route.verb} ${route.repo ? `${route.repo.owner}/${route.repo.name}` : '-'}`
    case 'git':
      return `${route.service} ${route.step} ${route.owner}/${route.name} ${route.part}`
    case 'refused':
      return route.refusal.reason
    case 'ours':
      return route.page
    case 'asset':
      return 'asset'
  }
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
    'GET /org/acme/teams/owners': 'page.read -',
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

test('a new repository, issues and comments pass, without a query', () => {
  each({
    'POST /repo/create': 'repo.create -',
    'POST /alice/app/issues/new': 'issue.write alice/app',
    'POST /alice/app/issues/3/comments': 'issue.write alice/app',
    'POST /alice/app/issues/3/title': 'issue.write alice/app',
    'POST /alice/app/comments/3': 'issue.write alice/app',
    'POST /alice/app/comments/3/delete': 'issue.write alice/app',
    'POST /repo/create?user_id=1': 'bad-request',
    'POST /alice/app/issues/new?title=x': 'bad-request',
    'PUT /alice/app/issues/new': 'unknown-action',
    'POST /alice/app/issues/x/comments': 'unknown-action',
    'POST /alice/app/issues/3/Title': 'unknown-action',
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

test('what this release refuses is refused by name', () => {
  const requests = [
    ...['_new', '_edit', '_delete', '_upload'].flatMap((word) => [
      `GET /a/b/${word}/main/x`,
      `POST /a/b/${word}/main/x`,
    ]),
    'POST /a/b/pulls/1/merge',
    'POST /a/b/compare/main...topic',
    'POST /a/b/branches/delete/topic',
    'POST /a/b/releases/new',
    'POST /a/b/wiki/_new',
    'POST /a/b/upload-file',
    'PUT /api/v1/repos/a/b/contents/x',
    'GET /api/v1/user',
    'POST /api/v1/admin/users',
    'POST /a/b.git/info/lfs/objects/batch',
    'PUT /a/b/info/lfs/objects/basic/0',
    'GET /a/b/milestones/1/close',
    'HEAD /a/b/milestones/1/close',
    'GET /a/b/tasks/trigger?branch=main',
    'GET /admin/notices/empty',
    'HEAD /admin/notices/empty',
    'GET /user/settings/applications',
    'GET /user/settings/security/two_factor_enable',
    'POST /user/settings/password',
    'POST /user/settings/ssh',
    'GET /a/b/settings',
    'POST /a/b/settings',
    'GET /a/b/settings/hooks/1',
    'POST /a/b/settings/hooks/git/pre-receive',
    'POST /a/b/settings/keys',
    'POST /a/b/settings/collaboration',
    'GET /admin/auths/1',
    'GET /admin/config',
    'POST /repo/migrate',
    'POST /repo/fork/1',
    'GET /healthcheck',
    'GET /debug/pprof/heap',
    'GET /-/metrics',
    'POST /alice/action/follow',
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
  for (const [method, path, is] of ROUTES) {
    if (!path.startsWith('/:owner/:repo') || (is !== 'page.read' && is !== 'issue.write')) continue
    const filled = path
      .replace(/:(?:index|id)/g, '7')
      .replace(':sha', '0123456')
      .replace('compare/*', 'compare/a...b')
      .replace('*', 'main')
      .replace(/:/g, 'x')
    for (const owner of ['user', 'api', 'releases', '-'])
      assert.equal(fate(`${method} ${filled.replace('xowner', owner)}`).startsWith(is), false, filled)
    for (const repo of ['action', 'followers', 'settings', 'new', 'admin']) {
      if (path === '/:owner/:repo' && repo === 'followers') continue
      assert.equal(fate(`${method} ${filled.replace('xrepo', repo)}`), `${is} xowner/${repo}`, filled)
    }
  }
})

test('nothing that changes state passes but by a line that names it', () => {
  const writes = ROUTES.filter(([method, , is]) => method !== 'GET' && (is === 'page.read' || is === 'asset'))
  assert.deepEqual(writes, [])
  const passing = ROUTES.filter(([, , is]) => is === 'issue.write' || is === 'repo.create').map(
    ([method]) => method,
  )
  assert.deepEqual(new Set(passing), new Set(['POST']))
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
