// The forms that Gogs really shows are the ones that the map of actions knows, and what is written from their fields does
// what they say. Only against Gogs itself: the stand-in shows a few of these pages.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Form } from '../../src/core/action/form.ts'
import { gogsRoute } from '../../src/upstream/gogs/route.ts'
import { newBench } from './bench.ts'
import { filled, pageForms } from './page-forms.ts'
import { KINDS, type Reply } from './support.ts'

const skip = KINDS.includes('gogs') ? false : 'no gogs binary in GOGS_BINARY or on PATH'
const ADMIN = 'countersign'

describe('forms of the real Gogs', { skip }, () => {
  const bench = newBench('gogs')
  before(() => bench.open())
  after(() => bench.close())

  /** Describe what a browser would send, and send what is written from the description. `form` is null for a link. */
  async function change(as: string, target: string, verb: string, form: Form | null): Promise<Reply> {
    const [path, query = ''] = target.split('?') as [string, string?]
    const route = gogsRoute(form ? 'POST' : 'GET', path, query)
    assert.ok(route.kind === 'change', `${target}: ${route.kind}`)
    const facts = { private: true }
    const described = route.describe(form ?? [], facts)
    assert.ok(described.ok, described.ok ? '' : `${target} ${JSON.stringify(form)}: ${described.error.say}`)
    assert.equal(described.value.verb, verb)
    const { method, path: written, body } = route.write(described.value, facts)
    if (method === 'GET') return bench.web.ask(written, { as })
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-csrf-token': await bench.web.csrf(),
    }
    return bench.web.ask(written, { as, method, headers, body: Buffer.from(body) })
  }

  /** Fill in the form of a page that is sent to `action`, and that has a field of this name and value when given. */
  async function fillIn(
    as: string,
    page: string,
    action: string,
    verb: string,
    fills: { readonly [name: string]: string | null } = {},
    mark?: readonly [name: string, value: string],
  ): Promise<Reply> {
    const shown = await bench.web.ask(page, { as })
    assert.equal(shown.status, 200, page)
    const form = pageForms(shown.text, page).find(
      (one) =>
        one.action.split('?')[0] === action &&
        (!mark || one.pairs.some(([name, value]) => name === mark[0] && value === mark[1])),
    )
    assert.ok(form, `${page} has a form for ${action}`)
    return change(as, form.action, verb, filled(form.pairs, fills))
  }

  const leads = (reply: Reply, to: string): void => {
    const why = /<div class="ui negative message">\s*<p>(.*?)<\/p>/s.exec(reply.text)?.[1]
    assert.deepEqual([reply.status, decodeURIComponent(reply.location ?? ''), why], [302, to, undefined])
  }
  const shows = async (as: string, page: string, text: string | RegExp): Promise<void> => {
    const { text: html } = await bench.web.ask(page, { as })
    assert.match(html, typeof text === 'string' ? new RegExp(text) : text, page)
  }
  const app = '/alice/app'

  test('files', async () => {
    const commit = { commit_choice: 'direct', commit_summary: 'über', commit_message: 'a\r\nb' }
    const text = 'one & two = 1+1\r\n\tüé % 😀\n'
    leads(
      await fillIn('alice', `${app}/_new/main`, `${app}/_new/main`, 'file.create', {
        tree_path: 'docs/ä b.txt',
        content: text,
        ...commit,
      }),
      `${app}/src/main/docs/ä b.txt`,
    )
    const raw = await bench.web.ask(`${app}/raw/main/docs/%C3%A4%20b.txt`, { as: 'alice' })
    assert.equal(raw.text, text.replaceAll('\r', ''))
    const edit = `${app}/_edit/main/docs/%C3%A4%20b.txt`
    leads(
      await fillIn('alice', edit, edit, 'file.edit', { tree_path: 'a.txt', content: 'two', ...commit }),
      `${app}/src/main/a.txt`,
    )
    const remove = `${app}/_delete/main/a.txt`
    leads(
      await fillIn('alice', remove, remove, 'file.delete', {
        ...commit,
        commit_choice: 'commit-to-new-branch',
        new_branch_name: 'topic-x',
      }),
      `${app}/compare/main...alice:topic-x`,
    )
    assert.ok((await bench.refs('alice/app'))['refs/heads/topic-x'])
  })

  test('a merge', async () => {
    const pull = { title: 'Less', content: '' }
    const made = await bench.web.submit('alice', `${app}/compare/main...topic-x`, pull)
    leads(made, `${app}/pulls/1`)
    const before = (await bench.refs('alice/app'))['refs/heads/main']
    // Whether it can be merged is found out in the background.
    const merge = `${app}/pulls/1/merge`
    const isReady = async (): Promise<boolean> =>
      (await bench.web.ask(`${app}/pulls/1`, { as: 'alice' })).text.includes(`action="${merge}"`)
    for (let left = 100; left > 0 && !(await isReady()); left--) await setTimeout(50)
    leads(await fillIn('alice', `${app}/pulls/1`, merge, 'pr.merge'), `${app}/pulls/1`)
    assert.notEqual((await bench.refs('alice/app'))['refs/heads/main'], before)
  })

  test('branches', async () => {
    const rules = `${app}/settings/branches/topic-x`
    const protect = { protected: 'on', require_pull_request: 'on' }
    leads(await fillIn('alice', rules, rules, 'branch.protection.update', protect), rules)
    await shows('alice', `${app}/settings/branches`, 'topic-x')
    leads(await fillIn('alice', rules, rules, 'branch.protection.update', { protected: null }), rules)
    // The button on the page of the merged pull request.
    const link = `${app}/branches/delete/topic-x`
    leads(await fillIn('alice', `${app}/pulls/1`, link, 'branch.delete'), app)
    assert.equal((await bench.refs('alice/app'))['refs/heads/topic-x'], undefined)
    const branches = `${app}/settings/branches`
    leads(await fillIn('alice', branches, `${branches}/default_branch`, 'branch.default.update'), branches)
  })

  test('releases, wiki, milestones', async () => {
    const releases = `${app}/releases`
    const one = { tag_name: 'v1', title: 'One', content: 'x\ny' }
    leads(await fillIn('alice', `${releases}/new`, `${releases}/new`, 'release.create', one), releases)
    const edit = `${releases}/edit/v1`
    leads(await fillIn('alice', edit, edit, 'release.update', { title: 'First', prerelease: 'on' }), releases)
    await shows('alice', releases, 'First')
    assert.equal((await change('alice', `${releases}/delete`, 'release.delete', [['id', '1']])).status, 200)
    const wiki = `${app}/wiki`
    const home = { title: 'Home', content: 'x', message: '' }
    leads(await fillIn('alice', `${wiki}/_new`, `${wiki}/_new`, 'wiki.create', home), `${wiki}/Home`)
    const page = `${wiki}/Home/_edit`
    leads(await fillIn('alice', page, page, 'wiki.update', { title: 'Start', content: 'y' }), `${wiki}/Start`)
    const gone = await change('alice', `${wiki}/Start/delete`, 'wiki.delete', [['id', 'Start']])
    assert.equal(gone.status, 200)
    const soon = { title: 'Soon', content: '', deadline: '' }
    await bench.web.submit('alice', `${app}/milestones/new`, soon)
    const closed = await change('alice', `${app}/milestones/1/close`, 'milestone.status', null)
    leads(closed, `${app}/milestones?state=closed`)
  })

  test('settings of a repository', async () => {
    const page = `${app}/settings`
    const update = ['action', 'update'] as const
    const described = { description: 'über\r\nalles', website: 'https://example.com/?a=b&c' }
    leads(await fillIn('alice', page, page, 'repo.settings.update', described, update), page)
    await shows('alice', page, 'https://example.com/\\?a=b&amp;c')
    const advanced = ['action', 'advanced'] as const
    leads(await fillIn('alice', page, page, 'repo.features.update', { enable_pulls: 'on' }, advanced), page)
    leads(await fillIn('alice', page, page, 'repo.visibility.update', { private: null }, update), page)
    leads(await fillIn('alice', page, page, 'repo.settings.update', { private: 'on' }, update), page)
  })

  test('collaborators', async () => {
    const page = `${app}/settings/collaboration`
    leads(await fillIn('alice', page, page, 'repo.collaborator.add', { collaborator: 'bob' }), page)
    const uid = String(bench.users.bob.id)
    const access = async (): Promise<boolean> =>
      (await bench.forge.repo('alice', 'app', 'bob'))?.permissions.admin ?? false
    assert.equal(await access(), false)
    const mode = (value: string): Form => [
      ['uid', uid],
      ['mode', value],
    ]
    const made = await change('alice', `${page}/access_mode`, 'repo.collaborator.make-admin', mode('3'))
    assert.equal(made.status, 204)
    assert.equal(await access(), true)
    const back = await change('alice', `${page}/access_mode`, 'repo.collaborator.update', mode('1'))
    assert.equal(back.status, 204)
    const gone = await change('alice', `${page}/delete`, 'repo.collaborator.remove', [['id', uid]])
    assert.equal(gone.status, 200)
    assert.equal(await bench.forge.repo('alice', 'app', 'bob'), undefined)
  })

  test('webhooks of every kind', async () => {
    const hooks = `${app}/settings/hooks`
    // Nothing happens here that a webhook would be told of.
    const url = 'https://8.8.8.8/x?a=b'
    for (const [at, kind] of ['gogs', 'slack', 'discord', 'dingtalk'].entries()) {
      const page = `${hooks}/${kind}/new`
      const fills = {
        payload_url: url,
        ...(kind === 'slack' && { channel: '#dev' }),
        events: 'choose_events',
        fork: 'on',
      }
      leads(await fillIn('alice', page, page, 'repo.webhook.create', fills), hooks)
      const id = at + 1
      const changed = await fillIn(
        'alice',
        `${hooks}/${id}`,
        `${hooks}/${kind}/${id}`,
        'repo.webhook.update',
        {
          payload_url: `${url}&c=d`,
        },
      )
      leads(changed, `${hooks}/${id}`)
      await shows('alice', `${hooks}/${id}`, 'x\\?a=b&amp;c=d')
      const gone = await change('alice', `${hooks}/delete`, 'repo.webhook.delete', [['id', String(id)]])
      assert.equal(gone.status, 200)
    }
  })

  test('organisations', async () => {
    leads(
      await fillIn('alice', '/org/create', '/org/create', 'org.create', { org_name: 'acme' }),
      '/org/acme/dashboard',
    )
    const org = '/org/acme'
    const settings = { full_name: 'Acme & Söhne', description: 'x' }
    leads(
      await fillIn('alice', `${org}/settings`, `${org}/settings`, 'org.settings.update', settings),
      `${org}/settings`,
    )
    const invite = `${org}/invitations/new`
    leads(await fillIn('alice', invite, invite, 'org.member.add', { uname: 'bob' }), `${org}/members`)
    const team = { team_name: 'core', permission: 'write' }
    leads(
      await fillIn('alice', `${org}/teams/new`, `${org}/teams/new`, 'org.team.create', team),
      `${org}/teams/core`,
    )
    const core = `${org}/teams/core`
    leads(
      await fillIn('alice', `${core}/edit`, `${core}/edit`, 'org.team.update', { permission: 'read' }),
      core,
    )
    leads(await fillIn('alice', core, `${core}/action/add`, 'org.team.member.add', { uname: 'bob' }), core)
    await shows('alice', core, '/bob"')
    leads(await fillIn('alice', core, `${core}/action/join`, 'org.team.member.add'), `${org}/teams`)
    leads(await fillIn('alice', core, `${core}/action/leave`, 'org.team.member.remove'), `${org}/teams`)
    leads(await fillIn('alice', core, `${core}/action/remove`, 'org.team.member.remove'), core)
    const repos = `${core}/repositories`
    const page = `${app}/settings`
    const given = { repo_name: 'app', new_owner_name: 'acme' }
    leads(await fillIn('alice', page, page, 'repo.transfer', given, ['action', 'transfer']), '/acme/app')
    leads(
      await fillIn('alice', repos, `${core}/action/repo/add`, 'org.team.repo.add', { repo_name: 'app' }),
      repos,
    )
    await shows('alice', repos, 'acme/app')
    leads(await fillIn('alice', repos, `${core}/action/repo/remove`, 'org.team.repo.remove'), repos)
    const members = `${org}/members`
    leads(await fillIn('alice', members, `${members}/action/public`, 'org.member.update'), members)
    leads(await fillIn('alice', members, `${members}/action/remove`, 'org.member.remove'), members)
    const gone = await change('alice', `${core}/delete`, 'org.team.delete', [['id', '']])
    assert.equal(gone.status, 200)
  })

  test('the end of a wiki and of a repository', async () => {
    const page = '/acme/app/settings'
    const name = { repo_name: 'app' }
    leads(await fillIn('alice', page, page, 'repo.wiki.delete', name, ['action', 'delete-wiki']), page)
    leads(
      await fillIn('alice', page, page, 'repo.delete', name, ['action', 'delete']),
      '/org/acme/dashboard/',
    )
    assert.equal(await bench.forge.repo('acme', 'app', 'alice'), undefined)
    const left = await change('alice', '/org/acme/members/action/leave', 'user.org.leave', [['uid', '2']])
    assert.equal(left.status, 302)
  })

  test('an account', async () => {
    const profile = { full_name: 'Älice', location: 'x' }
    leads(
      await fillIn('alice', '/user/settings', '/user/settings', 'user.profile.update', profile),
      '/user/settings',
    )
    await shows('alice', '/user/settings', 'Älice')
    const emails = '/user/settings/email'
    leads(await fillIn('alice', emails, emails, 'user.email.add', { email: 'a2@example.com' }), emails)
    const primary = ['_method', 'PRIMARY'] as const
    leads(await fillIn('alice', emails, emails, 'user.email.make-primary', {}, primary), emails)
    const gone = await change('alice', `${emails}/delete`, 'user.email.delete', [['id', 'alice@example.com']])
    assert.equal(gone.status, 200)
  })

  test('administration', async () => {
    leads(await fillIn(ADMIN, '/admin', '/admin', 'admin.operation', { op: '4' }), '/admin')
    const made = { user_name: 'eve', email: 'eve@example.com', password: 'a long one & nobody keeps it' }
    const page = await fillIn(ADMIN, '/admin/users/new', '/admin/users/new', 'admin.user.create', made)
    assert.match(page.location ?? '', /^\/admin\/users\/\d+$/)
    const user = page.location!
    leads(await fillIn(ADMIN, user, user, 'admin.user.update', { location: 'x', prohibit_login: 'on' }), user)
    await shows(ADMIN, user, /name="prohibit_login" type="checkbox" checked/)
    const gone = await change(ADMIN, `${user}/delete`, 'admin.user.delete', [['id', user.split('/').at(-1)!]])
    assert.equal(gone.status, 200)
    assert.equal(await bench.forge.user('eve'), undefined)
    const repo = await bench.forge.createRepo('bob', 'old', { private: true, readme: true })
    const deleted = await change(ADMIN, '/admin/repos/delete?page=1', 'admin.repo.delete', [
      ['id', String(repo.id)],
    ])
    assert.equal(deleted.status, 200)
    const notices = await change(ADMIN, '/admin/notices/delete', 'admin.notice.delete', [['ids[]', '1']])
    assert.equal(notices.status, 200)
    leads(await change(ADMIN, '/admin/notices/empty', 'admin.notice.empty', null), '/admin/notices')
  })
})
